# Cox regression and the score test of proportional hazards of R's survival package, for
# tests/models/test_cox.py and test_proportional_hazards.py. Run: Rscript cox.R  (writes cox.json)
suppressMessages({library(survival); library(jsonlite)})
tight <- coxph.control(eps = 1e-13, toler.chol = 1e-15, iter.max = 60)
numbers <- function(fit) {
  found <- list(coef = unname(coef(fit)), cov = unname(vcov(fit)), loglik = fit$loglik,
                score = fit$score)
  for (t in c("km", "identity", "log", "rank"))
    found[[t]] <- unname(cox.zph(fit, transform = t, terms = FALSE)$table[, c("chisq", "p")])
  found
}
d <- subset(lung, !is.na(ph.ecog) & !is.na(inst))
d$event <- d$status - 1
set.seed(1)  # weights and times of entry are made up
d$weight <- round(runif(nrow(d), .5, 2), 3)
d$entry <- floor(runif(nrow(d)) * pmin(d$time, 200) * .7)
m <- Surv(time, event) ~ age + sex
late <- Surv(entry, time, event) ~ age + sex + strata(ph.ecog)
b <- bladder2
again <- Surv(start, stop, event) ~ rx + number + size
out <- list(
  lung = list(
    data = as.list(d[c("inst", "time", "event", "age", "sex", "ph.ecog", "weight", "entry")]),
    plain = numbers(coxph(m, d, control = tight)),
    breslow = numbers(coxph(m, d, ties = "breslow", control = tight)),
    strata = numbers(coxph(update(m, . ~ . + strata(ph.ecog)), d, control = tight)),
    weights = numbers(coxph(m, d, weights = weight, robust = FALSE, control = tight)),
    cluster = numbers(coxph(m, d, cluster = inst, control = tight)),
    entry = numbers(coxph(Surv(entry, time, event) ~ age + sex, d, control = tight)),
    together = numbers(coxph(late, d, weights = weight, cluster = inst, control = tight)),
    together_breslow = numbers(coxph(late, d, weights = weight, cluster = inst, ties = "breslow",
                                     control = tight))),
  bladder2 = list(
    data = as.list(b[c("id", "rx", "number", "size", "start", "stop", "event", "enum")]),
    andersen_gill = numbers(coxph(again, b, cluster = id, control = tight)),
    pwp = numbers(coxph(update(again, . ~ . + strata(enum)), b, cluster = id, control = tight))),
  about = list(r = R.version.string, survival = as.character(packageVersion("survival")),
               data = "lung and bladder2 of the survival package"))
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, na = "null"), "cox.json")
