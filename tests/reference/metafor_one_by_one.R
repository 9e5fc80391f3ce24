# Reference numbers for influence, cumulative pooling, moderators and permutation tests.
# Made with R 4.2.2, metafor 3.8-1, metadat 1.2-0; writes metafor_one_by_one.json beside this file.
# cumul() sorts by the values given, ties in the order of the data.
suppressMessages({library(metafor); library(jsonlite)})
control <- list(threshold = 1e-12, maxiter = 100000, stepadj = 0.5)
bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
tests <- c(none = "z", plain = "knha", guarded = "adhoc")

influence_of <- function(test) {
  r <- rma(yi, vi, data = bcg, test = test, control = control)
  i <- influence(r)
  c(as.list(as.data.frame(unclass(i$inf)[c("rstudent", "dffits", "cook.d", "cov.r", "tau2.del",
    "QE.del", "hat", "weight")])), list(dfbetas = i$dfbs[[1]], flagged = i$is.infl))
}
by_year <- order(bcg$year, bcg$trial)
cumulative <- cumul(rma(yi, vi, data = bcg, test = "knha", control = control), order = bcg$year)

# moderators: how much of tau-squared latitude, year and allocation explain
explained <- list()
for (m in c("REML", "ML", "DL")) explained[[m]] <- list(
  latitude = rma(yi, vi, mods = ~ ablat, data = bcg, method = m, control = control)$R2,
  latitude_year = rma(yi, vi, mods = ~ ablat + year, data = bcg, method = m, control = control)$R2,
  alloc = rma(yi, vi, mods = ~ alloc, data = bcg, method = m, control = control)$R2)

# exact permutation tests on the first seven trials (5040 orders), and of the allocation of six
seven <- bcg[1:7, ]
r <- rma(yi, vi, mods = ~ ablat, data = seven, method = "REML", test = "knha", control = control)
p <- permutest(r, exact = TRUE, progbar = FALSE)
latitude7 <- list(coef = c(r$beta), statistic = r$zval, p = r$pval, permutation_p = p$pval,
                  permutation_qm = p$QMp)
r <- rma(yi, vi, mods = ~ alloc, data = seven, method = "DL", test = "z")
p <- permutest(r, exact = TRUE, progbar = FALSE)
alloc7 <- list(coef = c(r$beta), statistic = r$zval, p = r$pval, permutation_p = p$pval,
               permutation_qm = p$QMp)
write_json(list(versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor"))),
  bcg = list(yi = c(bcg$yi), vi = c(bcg$vi), year = bcg$year, ablat = bcg$ablat, alloc = bcg$alloc),
  influence = lapply(tests, influence_of),
  cumulative = list(order = by_year, estimate = cumulative$estimate, std_error = cumulative$se,
    conf_low = cumulative$ci.lb, conf_high = cumulative$ci.ub, tau2 = cumulative$tau2),
  explained = explained, latitude7 = latitude7, alloc7 = alloc7),
  "metafor_one_by_one.json", auto_unbox = TRUE, digits = NA, pretty = TRUE, na = "null")
