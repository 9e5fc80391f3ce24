# Mantel-Haenszel pooling and empirical Bayes shrinkage from metafor, HC3 slopes from sandwich, and
# glm: for tests/models. Run: Rscript response_methods.R   (writes response_methods.json)
suppressMessages({library(metafor); library(sandwich); library(jsonlite)})

# five strata, one without the second arm, one with a cell of zero
s <- data.frame(e1 = c(8, 12, 3, 20, 0), n1 = c(20, 25, 10, 41, 6),
                e0 = c(5, 9, 0, 11, 2), n0 = c(22, 19, 9, 38, 12))
mh <- function(measure) {
  f <- rma.mh(ai = e1, n1i = n1, ci = e0, n2i = n0, data = s, measure = measure, add = 0, drop00 = FALSE)
  list(estimate = as.numeric(f$beta), se = f$se, low = f$ci.lb, high = f$ci.ub, p = f$pval)
}
eb <- function(y, se) {
  f <- rma(yi = y, sei = se, method = "PM", control = list(tol = 1e-14, maxiter = 5000))
  b <- blup(f)
  list(y = y, se = se, tau2 = f$tau2, mean = as.numeric(f$beta), estimate = b$pred, error = b$se,
       q = f$QE, p = f$QEp)
}
set.seed(8)
n <- 130
d <- data.frame(arm = rep(0:1, c(60, 70)), z = round(rnorm(n, 24, 6)))
d$y <- rbinom(n, 1, plogis(-0.4 + 0.5 * d$arm + 0.05 * (d$z - 24) * d$arm))
d$score <- round(18 - 3 * d$arm + 0.4 * (d$z - 24) - 0.2 * d$arm * (d$z - 24) + rnorm(n, 0, 5))
d$more <- round(rnorm(n), 2)
slope <- function(fit, name) list(estimate = unname(coef(fit)[name]),
                                  se = sqrt(vcovHC(fit, "HC3")[name, name]))
tight <- glm.control(epsilon = 1e-15, maxit = 200)
out <- list(strata = as.list(s), risk_difference = mh("RD"), risk_ratio = mh("RR"), odds_ratio = mh("OR"),
  shrink = list(apart = eb(c(0.30, 0.05, -0.10, 0.22), c(0.08, 0.10, 0.12, 0.05)),
                alike = eb(c(0.10, 0.14, 0.08), c(0.10, 0.12, 0.09))),
  people = as.list(d),
  linear = slope(lm(y ~ arm * z, d), "arm:z"),
  poisson = slope(glm(y ~ arm * z, poisson, d, control = tight), "arm:z"),
  score = slope(lm(score ~ arm * z + more, d), "arm:z"))
write_json(out, "response_methods.json", digits = 15, auto_unbox = TRUE)
