# Reference numbers for sparse counts: Mantel-Haenszel, Peto, binomial-normal models.
# Made with R 4.2.2, metafor 3.8-1, lme4 1.1-31, BiasedUrn 2.0.9, metadat 1.2-0;
# writes metafor_counts.json beside this file.
suppressMessages({library(metafor); library(jsonlite)})
sets <- list(
  bcg = with(dat.bcg, data.frame(a = tpos, n1 = tpos + tneg, c = cpos, n2 = cpos + cneg)),
  nielweise2007 = with(dat.nielweise2007, data.frame(a = ai, n1 = n1i, c = ci, n2 = n2i)),
  # two trials without any event, one with a zero arm each way
  rare = data.frame(a = c(0, 1, 0, 2, 0, 4, 1), n1 = c(50, 120, 40, 200, 60, 310, 90),
                    c = c(0, 4, 2, 5, 0, 7, 0), n2 = c(55, 118, 40, 190, 30, 300, 85)))

mantel_haenszel <- function(d, measure) {
  r <- rma.mh(ai = a, n1i = n1, ci = c, n2i = n2, data = d, measure = measure)
  list(estimate = c(r$beta), std_error = r$se, q = r$QE, cmh = r$MH, cmh_p = r$MHp)
}
# the model of rma.glmm(CM.EL) with integrate() instead of a fixed grid, by definition
exact_conditional <- function(d) {
  d <- d[d$a + d$c > 0 & d$a + d$c < d$n1 + d$n2, ]
  study <- function(i, mu, tau) {
    m <- d$a[i] + d$c[i]; x <- max(0, m - d$n2[i]):min(d$n1[i], m)
    base <- lchoose(d$n1[i], x) + lchoose(d$n2[i], m - x)
    one <- function(th) { e <- base + x * th; base[x == d$a[i]] + d$a[i] * th - max(e) - log(sum(exp(e - max(e)))) }
    if (tau == 0) return(one(mu))
    f <- function(z) vapply(z, function(u) exp(one(mu + tau * u)) * dnorm(u), 0)
    log(integrate(f, -8, 8, rel.tol = 1e-12, subdivisions = 2000)$value)
  }
  nll <- function(p) -sum(vapply(seq_len(nrow(d)), study, 0, mu = p[1], tau = p[2]))
  o <- optim(c(-0.5, 0.5), nll, method = "L-BFGS-B", lower = c(-5, 1e-8), upper = c(5, 5),
             control = list(factr = 10, pgtol = 0, maxit = 500))
  for (i in 1:3) o <- optim(o$par, nll, method = "Nelder-Mead", control = list(reltol = 1e-15, maxit = 3000))
  h <- optimHess(o$par, nll, control = list(ndeps = c(1e-4, 1e-4)))
  list(estimate = o$par[1], tau2 = o$par[2]^2, loglik = -o$value, std_error = sqrt(solve(h)[1, 1]))
}
# the model of rma.glmm(UM.FS) by definition: trapezoidal rule on 1601 points over +-8 standard
# deviations. glmer() stops early, and its log-likelihood with nAGQ > 1 leaves constants out
fixed_studies <- function(d) {
  d <- d[d$a + d$c > 0 & d$a + d$c < d$n1 + d$n2, ]; k <- nrow(d)
  z <- seq(-8, 8, length.out = 1601); lw <- dnorm(z, log = TRUE) + log(z[2] - z[1])
  nll <- function(p) {
    th <- p[1] + p[2] * z; total <- 0
    for (i in seq_len(k)) {
      l <- dbinom(d$a[i], d$n1[i], plogis(p[2 + i] + th / 2), log = TRUE) +
        dbinom(d$c[i], d$n2[i], plogis(p[2 + i] - th / 2), log = TRUE) + lw
      total <- total + max(l) + log(sum(exp(l - max(l))))
    }
    -total
  }
  p <- c(-0.5, 0.5, qlogis((d$a + d$c + 0.5) / (d$n1 + d$n2 + 1)))
  for (i in 1:6) p <- nlm(nll, p, gradtol = 1e-10, steptol = 1e-12, iterlim = 1000)$estimate
  h <- optimHess(p, nll, control = list(ndeps = rep(1e-4, k + 2)))
  keep <- if (abs(p[2]) < 1e-3) -2 else 1:(k + 2)
  list(estimate = p[1], tau2 = p[2]^2, loglik = -nll(p), std_error = sqrt(solve(h[keep, keep])[1, 1]))
}
glmm <- function(d, model) {
  r <- rma.glmm(ai = a, n1i = n1, ci = c, n2i = n2, data = d, measure = "OR", model = model, nAGQ = 31,
                control = list(nAGQ = 31))
  list(estimate = c(r$beta), std_error = r$se, tau2 = r$tau2, loglik = c(logLik(r)))
}
out <- list()
for (name in names(sets)) { d <- sets[[name]]
  peto <- rma.peto(ai = a, n1i = n1, ci = c, n2i = n2, data = d)
  out[[name]] <- list(counts = as.list(d),
    risk_ratio = mantel_haenszel(d, "RR"), odds_ratio = mantel_haenszel(d, "OR"),
    risk_difference = mantel_haenszel(d, "RD"),
    peto = list(estimate = c(peto$beta), std_error = peto$se, q = peto$QE))
  out[[name]]$fixed_studies <- try(glmm(d, "UM.FS"))
  out[[name]]$approximate_conditional <- try(glmm(d, "CM.AL"))
  if (name != "bcg") out[[name]]$exact_conditional_by_definition <- exact_conditional(d)
  if (name != "bcg" && requireNamespace("BiasedUrn", quietly = TRUE)) {
    r <- try(rma.glmm(ai = a, n1i = n1, ci = c, n2i = n2, data = d, measure = "OR", model = "CM.EL"))
    if (!inherits(r, "try-error")) out[[name]]$exact_conditional <- list(estimate = c(r$beta), std_error = r$se, tau2 = r$tau2, loglik = c(logLik(r)))
  }
  out[[name]]$fixed_studies_by_definition <- fixed_studies(d)
  cat(name, "\n")
}
write_json(c(list(versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor")),
    lme4 = as.character(packageVersion("lme4")))), out),
  "metafor_counts.json", auto_unbox = TRUE, digits = NA, pretty = TRUE, na = "null")
