# Reference numbers for ctevidence.synthesis: effect measures, heterogeneity, pairwise pooling.
# Made with R 4.2.2, metafor 3.8-1, metadat 1.2-0; writes metafor_pairwise.json beside this file.
# metafor stops its iterations at 1e-5 on tau2 by default: tightened here to 1e-12, and its root
# searches (PM, Q-profile) to 1e-14, so that every number below is converged past 1e-9.
suppressMessages({library(metafor); library(jsonlite)})
control <- list(threshold = 1e-12, maxiter = 100000, stepadj = 0.5, tol = 1e-14, tau2.max = 10000)
methods <- c("REML", "ML", "DL", "PM", "SJ", "HE")
tests <- c(none = "z", plain = "knha", guarded = "adhoc")

fit <- function(yi, vi, method, test) {
  con <- control
  if (method == "PM") con <- list(tol = 1e-14, tau2.max = 10000)
  rma(yi, vi, method = method, test = test, control = con)
}

pool <- function(yi, vi) {
  common <- rma(yi, vi, method = "EE")
  out <- list(yi = yi, vi = vi, q = common$QE, q_p = common$QEp,
    common = list(estimate = c(common$beta), std_error = common$se, conf_low = common$ci.lb,
                  conf_high = common$ci.ub, p_value = common$pval), random = list())
  for (m in methods) for (t in names(tests)) {
    r <- fit(yi, vi, m, tests[[t]])
    ci <- confint(r, control = list(tol = 1e-14, maxiter = 10000, tau2.max = 1000))$random
    p <- predict(r)                      # same reference and error as the confidence interval
    pt <- predict(r, pi.type = "t")
    k <- length(yi); classic <- fit(yi, vi, m, "z")$se
    half <- qt(.975, k - 2) * sqrt(r$tau2 + classic^2)
    out$random[[paste(m, t)]] <- list(tau2 = r$tau2, tau2_low = ci[1, 2], tau2_high = ci[1, 3],
      i2 = r$I2, i2_low = ci[3, 2], i2_high = ci[3, 3], h2 = r$H2,
      estimate = c(r$beta), std_error = r$se, statistic = r$zval, p_value = r$pval,
      conf_low = r$ci.lb, conf_high = r$ci.ub, weights = unname(weights(r)) / 100,
      pi_low = p$pi.lb, pi_high = p$pi.ub,
      # k-2 with the classic error (Higgins 2009) is not offered by metafor 3.8: by its formula
      pi_k2_low = c(r$beta) - half, pi_k2_high = c(r$beta) + half)
  }
  one_out <- leave1out(fit(yi, vi, "REML", "knha"))
  out$leave_one_out <- list(estimate = one_out$estimate, std_error = one_out$se,
    conf_low = one_out$ci.lb, conf_high = one_out$ci.ub, tau2 = one_out$tau2, q = one_out$Q)
  out
}

bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
normand <- escalc(measure = "SMD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i,
                  n2i = n2i, data = dat.normand1999)
pooled <- list(
  bcg = pool(c(bcg$yi), c(bcg$vi)),
  normand1999 = pool(c(normand$yi), c(normand$vi)),
  three = pool(c(0.10, 0.62, 0.31), c(0.04, 0.09, 0.02)),
  homogeneous = pool(c(0.20, 0.25, 0.22, 0.28, 0.24), c(0.05, 0.04, 0.08, 0.06, 0.03)))

# two studies: metafor leaves nothing out that can be left out, so only the fits
two <- list(yi = c(0.1, 0.9), vi = c(0.04, 0.09), random = list())
for (m in methods) for (t in names(tests)) {
  r <- fit(two$yi, two$vi, m, tests[[t]])
  two$random[[paste(m, t)]] <- list(tau2 = r$tau2, estimate = c(r$beta), std_error = r$se,
    conf_low = r$ci.lb, conf_high = r$ci.ub, p_value = r$pval)
}

# counts with a zero cell, both zero, everyone, and none
counts <- data.frame(a = c(12, 0, 3, 0, 20, 5, 20), n1 = c(40, 20, 30, 25, 20, 5, 20),
                     c = c(7, 4, 0, 0, 18, 3, 11), n2 = c(38, 21, 15, 30, 18, 6, 22))
effect <- function(measure, ...) {
  e <- suppressWarnings(escalc(measure = measure, ai = a, n1i = n1, ci = c, n2i = n2,
                               data = counts, ...))
  list(yi = c(e$yi), vi = c(e$vi))
}
effects <- list(counts = as.list(counts),
  risk_ratio_half = effect("RR"), odds_ratio_half = effect("OR"),
  risk_ratio_half_drop00 = effect("RR", drop00 = TRUE),
  odds_ratio_half_drop00 = effect("OR", drop00 = TRUE),
  risk_difference_half = effect("RD", addyi = FALSE),   # estimate uncorrected, variance corrected
  risk_ratio_none = effect("RR", to = "none"), odds_ratio_none = effect("OR", to = "none"),
  risk_difference_none = effect("RD", to = "none"),
  arcsine_difference_none = effect("AS", to = "none"))

m <- data.frame(m1 = c(11, 10.2, 8.4), s1 = c(7, 3.1, 6.6), n1 = c(50, 4, 120),
                m2 = c(14, 13.9, 9.0), s2 = c(8, 2.2, 7.1), n2 = c(48, 5, 110))
mean_effect <- function(measure) {
  e <- escalc(measure = measure, m1i = m1, sd1i = s1, n1i = n1, m2i = m2, sd2i = s2, n2i = n2,
              data = m)
  list(yi = c(e$yi), vi = c(e$vi))
}
means <- list(arms = as.list(m), mean_difference = mean_effect("MD"),
              std_mean_difference = mean_effect("SMD"))

# meta-regression of bcg on latitude, and its subgroups by allocation
regression <- list(ablat = dat.bcg$ablat, alloc = dat.bcg$alloc, fits = list())
for (m in methods) for (t in names(tests)) {
  con <- if (m == "PM") list(tol = 1e-14, tau2.max = 10000) else control
  latitude <- rma(bcg$yi, bcg$vi, mods = ~ ablat, data = dat.bcg, method = m, test = tests[[t]], control = con)
  groups <- rma(bcg$yi, bcg$vi, mods = ~ alloc, data = dat.bcg, method = m, test = tests[[t]], control = con)
  regression$fits[[paste(m, t)]] <- list(coef = c(latitude$beta), std_error = latitude$se,
    tau2 = latitude$tau2, p_value = latitude$pval, q = latitude$QE,
    # QM is chi-squared (test none) or F (Hartung-Knapp)
    groups_tau2 = groups$tau2, groups_qm = groups$QM, groups_p = groups$QMp)
}

write_json(list(versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor"))),
                pooled = pooled, two = two, effects = effects, means = means, regression = regression),
           "metafor_pairwise.json", auto_unbox = TRUE, digits = NA, pretty = TRUE, na = "null")
