# Kaplan-Meier, log-rank, Cox and restricted means of R's survival package, for tests/models.
# Run: Rscript survival.R   (writes survival.json)
suppressMessages({library(survival); library(jsonlite)})

rmean <- function(fit, tau) {
  table <- summary(fit, rmean = tau)$table
  table <- if (is.matrix(table)) table else t(table)
  list(estimate = unname(table[, "rmean"]), std_error = unname(table[, "se(rmean)"]))
}
# Greenwood by hand: S(s) S(t) sum over event times up to min(s, t) of d / (n (n - d))
greenwood <- function(fit, s, t) {
  upto <- fit$time <= min(s, t)
  term <- sum(fit$n.event[upto] / (fit$n.risk[upto] * (fit$n.risk[upto] - fit$n.event[upto])))
  at <- summary(fit, times = sort(c(s, t)), extend = TRUE)$surv
  at[1] * at[2] * term
}
curve <- function(d, times, tau) {
  fit <- survfit(Surv(time, event) ~ 1, data = d, conf.type = "log-log")
  at <- summary(fit, times = times, extend = TRUE)
  middle <- quantile(fit, 0.5)
  list(times = times, survival = at$surv, std_error = at$std.err,
       conf_low = at$lower, conf_high = at$upper, at_risk = at$n.risk,
       covariance = greenwood(fit, times[1], times[2]),
       median = unname(middle$quantile), median_low = unname(middle$lower),
       median_high = unname(middle$upper),
       tau = tau, rmst = rmean(fit, tau))
}
cox <- function(formula, d) {
  fit <- coxph(formula, data = d, ties = "efron", 
               control = coxph.control(eps = 1e-12, toler.chol = 1e-14, iter.max = 50))
  list(names = names(coef(fit)), coef = unname(coef(fit)), cov = unname(vcov(fit)))
}
log_rank <- function(d) {
  test <- survdiff(Surv(time, event) ~ arm, data = d)
  list(chi2 = test$chisq, df = sum(test$exp > 0) - 1,
       p_value = pchisq(test$chisq, sum(test$exp > 0) - 1, lower.tail = FALSE))
}

leukaemia <- with(aml, data.frame(time = time, event = status,
                                  arm = ifelse(x == "Maintained", "combined", "medication")))
cancer <- with(lung, data.frame(time = time, event = status - 1,
                                arm = ifelse(sex == 1, "medication", "combined"), age = age))
# four arms, so that a joint covariance is tested: lung by sex and by age above 62
four <- transform(cancer, arm = paste0(ifelse(age > 62, "old ", "young "), arm))
four$arm <- factor(four$arm, c("young medication", "old medication", "young combined", "old combined"),
                   labels = c("control", "medication", "therapy", "combined"))
tiny <- data.frame(time = c(1, 1, 6, 6, 8, 9), event = c(1, 0, 1, 1, 0, 1),
                   arm = rep(c("combined", "medication"), each = 3))
both <- function(d, times, tau) list(
  data = as.list(d), log_rank = log_rank(d),
  arms = lapply(split(d, d$arm), curve, times = times, tau = tau))

out <- list(
  aml = c(both(leukaemia, c(10, 20), 50),
          list(cox = cox(Surv(time, event) ~ I(arm == "combined"), leukaemia))),
  lung = c(both(cancer, c(100, 365), 365),
           list(cox = cox(Surv(time, event) ~ I(arm == "combined"), cancer),
                cox_age = cox(Surv(time, event) ~ I(arm == "combined") + age, cancer))),
  four = list(data = as.list(transform(four, arm = as.character(arm))), log_rank = log_rank(four),
              cox = cox(Surv(time, event) ~ arm, four)),
  tiny = list(data = as.list(tiny), cox = cox(Surv(time, event) ~ I(arm == "combined"), tiny)),
  about = list(r = R.version.string, survival = as.character(packageVersion("survival")),
               data = "aml and lung of the survival package; tiny: Therneau, validation vignette")
)
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, na = "null"), "survival.json")
