# Return to drug use in the UIS data, by R's survival package on the file as received.
# Rscript tests/reference/uis_relapse.R > tests/reference/uis_relapse.json
suppressMessages({
  library(survival)
  library(jsonlite)
})
uis <- read.csv("data/raw/uis-relapse/uis.csv")
week <- 52

# The final model of Hosmer, Lemeshow and May (2008), with Breslow ties
published <- coxph(
  Surv(TIME, CENSOR) ~ AGE + BECK + ND1 + ND2 + I(IV == 3) + RACE + TREAT + SITE +
    AGE:SITE + RACE:SITE,
  uis, ties = "breslow", control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50)
)
plain <- coxph(Surv(TIME / 7, CENSOR) ~ TREAT, uis,
  control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50))
adjusted <- coxph(Surv(TIME / 7, CENSOR) ~ TREAT + BECK + AGE + NDT + factor(IV) + factor(SITE), uis,
  control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50))
curves <- survfit(Surv(TIME / 7, CENSOR) ~ TREAT, uis)
at <- summary(curves, times = week)
rmean <- summary(curves, rmean = week)$table
rank <- survdiff(Surv(TIME, CENSOR) ~ TREAT, uis)
days <- lapply(split(uis, uis$TREAT), function(arm) {
  list(n = nrow(arm), events = sum(arm$CENSOR), median_days_treated = median(arm$LEN.T))
})

cat(toJSON(list(
  version = as.character(packageVersion("survival")),
  published_model = list(
    coef = unname(coef(published)), se = unname(sqrt(diag(vcov(published)))),
    loglik = published$loglik[2]
  ),
  treat = list(coef = unname(coef(plain)), se = sqrt(vcov(plain)[1, 1])),
  treat_adjusted = list(coef = unname(coef(adjusted)[1]), se = sqrt(vcov(adjusted)[1, 1])),
  survival = list(estimate = at$surv, std_error = at$std.err, at_risk = at$n.risk),
  rmst = list(estimate = unname(rmean[, "rmean"]), std_error = unname(rmean[, "se(rmean)"])),
  log_rank = rank$chisq,
  arms = days
), auto_unbox = TRUE, digits = 14), "\n")
