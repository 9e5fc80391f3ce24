# Reference numbers for several dependent effects per study: three-level model, cluster-robust CR2.
# Made with R 4.2.2, metafor 3.8-1, clubSandwich 0.5.8, metadat 1.2-0; writes
# metafor_dependent.json beside this file.
suppressMessages({library(metafor); library(clubSandwich); library(jsonlite)})
control <- list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-16, maxit = 5000)
schools <- dat.konstantopoulos2011

# two orders of a second data set: several correlated outcomes per study, unequal numbers
set.seed(20)
made <- data.frame(study = rep(1:9, times = c(1, 3, 2, 5, 1, 4, 2, 1, 3)))
made$vi <- round(runif(nrow(made), 0.02, 0.2), 4)
made$yi <- round(0.3 + rnorm(9, 0, 0.3)[made$study] + rnorm(nrow(made), 0, sqrt(made$vi + 0.03)), 4)
made$effect <- seq_len(nrow(made))
made$x <- rep(c(0, 1, 1, 0, 0, 1, 0, 1, 1), times = c(1, 3, 2, 5, 1, 4, 2, 1, 3)) + made$effect %% 3

within <- function(d, rho) {
  V <- matrix(0, nrow(d), nrow(d))
  for (s in unique(d$study)) { i <- which(d$study == s)
    V[i, i] <- rho * sqrt(outer(d$vi[i], d$vi[i])) }
  diag(V) <- d$vi
  V
}
numbers <- function(d, V, mods = ~ 1) {
  r <- rma.mv(yi, V, mods = mods, random = ~ 1 | study / effect, data = d, control = control)
  cr2 <- coef_test(r, vcov = vcovCR(r, cluster = d$study, type = "CR2"), test = "Satterthwaite")
  list(coef = c(r$beta), std_error = r$se, between = r$sigma2[1], within = r$sigma2[2],
       loglik = c(logLik(r)), q = r$QE, cr2_error = cr2$SE, cr2_df = cr2$df_Satt, cr2_p = cr2$p_Satt)
}
d <- data.frame(study = schools$district, effect = schools$study, yi = c(schools$yi), vi = c(schools$vi),
                year = schools$year - mean(schools$year))
write_json(list(
  versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor")),
                  clubSandwich = as.character(packageVersion("clubSandwich"))),
  konstantopoulos2011 = list(study = d$study, yi = d$yi, vi = d$vi, fit = numbers(d, d$vi),
                             correlated = numbers(d, within(d, 0.6))),
  made = list(study = made$study, yi = made$yi, vi = made$vi, x = made$x,
              independent = numbers(made, made$vi), correlated = numbers(made, within(made, 0.6)),
              moderator = numbers(made, within(made, 0.6), ~ x))),
  "metafor_dependent.json", auto_unbox = TRUE, digits = NA, pretty = TRUE, na = "null")
