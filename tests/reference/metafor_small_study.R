# Reference numbers for small-study effects: asymmetry tests, trim and fill, selection models,
# PET-PEESE, limit meta-analysis. Made with R 4.2.2, metafor 3.8-1, metadat 1.2-0; writes
# metafor_small_study.json beside this file.
suppressMessages({library(metafor); library(jsonlite)})
control <- list(threshold = 1e-12, maxiter = 100000, stepadj = 0.5)
bcg <- escalc(measure = "OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
counts <- with(dat.bcg, list(a = tpos, n1 = tpos + tneg, c = cpos, n2 = cpos + cneg))
risk <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
sets <- list(bcg = list(y = c(bcg$yi), v = c(bcg$vi)), bcg_risk = list(y = c(risk$yi), v = c(risk$vi)),
             hackshaw1998 = list(y = c(dat.hackshaw1998$yi), v = c(dat.hackshaw1998$vi)))
line <- function(fit) list(coef = unname(coef(fit)), std_error = unname(sqrt(diag(vcov(fit)))),
                           p = unname(summary(fit)$coefficients[, 4]))
fill <- function(y, v, method, ...) {
  t <- trimfill(rma(y, v, method = method, control = control), ..., control = control)
  list(k0 = t$k0, side = t$side, estimate = c(t$beta), std_error = t$se, tau2 = t$tau2)
}
# limit meta-analysis by its formulas: radial regression with variances v + tau2, Ruecker 2011
limit <- function(y, v) {
  tau2 <- rma(y, v, control = control)$tau2; s <- sqrt(v + tau2)
  X <- cbind(1 / s, 1); z <- y / s
  A <- solve(crossprod(X)); b <- A %*% crossprod(X, z); g <- c(1, sqrt(tau2))
  list(slope = b[1], intercept = b[2], estimate = sum(g * b), std_error = sqrt(c(t(g) %*% A %*% g)))
}
select <- function(y, v, alternative) {
  r <- rma(y, v, method = "ML", control = control)
  pack <- function(s) list(estimate = c(s$beta), std_error = s$se, tau2 = s$tau2, delta = s$delta,
                           loglik = c(logLik(s)), lrt = s$LRT, lrt_p = s$LRTp)
  con <- list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 5000)
  fixed <- function(d) pack(selmodel(r, type = "stepfun", alternative = alternative, control = con,
    steps = c(.005, .01, .05, .10, .25, .35, .50, .65, .75, .90, .95, .99, .995, 1), delta = d))
  list(one_step = pack(selmodel(r, type = "stepfun", alternative = alternative, steps = .025, control = con)),
       beta = try(pack(selmodel(r, type = "beta", alternative = alternative))),
       moderate = fixed(c(1, .99, .95, .80, .75, .65, .60, .55, .50, .50, .50, .50, .50, .50)),
       severe = fixed(c(1, .99, .90, .75, .60, .50, .40, .35, .30, .25, .10, .10, .10, .10)))
}
out <- list()
for (name in names(sets)) { y <- sets[[name]]$y; v <- sets[[name]]$v; s <- sqrt(v)
  r <- rma(y, v, control = control)
  e <- regtest(r, model = "lm"); m <- regtest(r)
  out[[name]] <- list(yi = y, vi = v,
    egger = list(statistic = e$zval, df = e$dfs, p = e$pval, limit = e$est, slope = unname(coef(e$fit)[2])),
    egger_random = list(statistic = m$zval, p = m$pval, limit = m$est),
    trim_fill = list(REML_L0 = fill(y, v, "REML"), DL_L0 = fill(y, v, "DL"), EE_L0 = fill(y, v, "EE"),
      REML_R0 = fill(y, v, "REML", estimator = "R0"), REML_left = fill(y, v, "REML", side = "left"),
      REML_right = fill(y, v, "REML", side = "right")),
    pet = line(lm(y ~ s, weights = 1 / v)), peese = line(lm(y ~ v, weights = 1 / v)),
    limit = limit(y, v))
  out[[name]]$selection <- select(y, v, if (name == "hackshaw1998") "greater" else "less")
  cat(name, "\n")
}
# Peters: log odds ratio on 1 / people, weights of the pooled risk
w <- with(counts, 1 / (1 / (a + c) + 1 / (n1 - a + n2 - c)))
out$bcg$peters <- line(lm(bcg$yi ~ I(1 / (counts$n1 + counts$n2)), weights = w))
out$bcg$counts <- counts
write_json(c(list(versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor")))), out),
  "metafor_small_study.json", auto_unbox = TRUE, digits = NA, pretty = TRUE, na = "null")
