# Interval-censored times: Turnbull's curve, parametric, piecewise and spline models.
# Run: Rscript intervals.R   (writes intervals.json)
# survival::survfit and survreg where they do it; else likelihoods written out here, maximised with
# numerical derivatives (numDeriv), so that they share nothing with the code under test.
suppressMessages({library(survival); library(jsonlite); library(numDeriv)})

# -- months until breast retraction, Finkelstein and Wolfe 1985, as in KMsurv (treat: 2 with chemo) -
data(bcdeter, package = "KMsurv")
surv2 <- function(d) with(d, Surv(ifelse(lower == 0, NA, lower), upper, type = "interval2"))

# Turnbull's EM over all points of events and all intervals between end points, until nothing changes
turnbull <- function(d, weeks) {
  d$upper[is.na(d$upper)] <- Inf
  ends <- sort(unique(c(d$lower, d$upper)))
  points <- unique(d$lower[d$lower == d$upper])
  left <- c(head(ends, -1), points); right <- c(tail(ends, -1), points)
  holds <- t(mapply(function(l, u) if (l == u) left == l & right == l
                    else left >= l & right <= u & !(left == right & left == l), d$lower, d$upper))
  p <- rep(1 / length(left), length(left))
  for (i in 1:200000) {
    new <- p * colMeans(holds / drop(holds %*% p))
    done <- max(abs(new - p)) < 1e-15
    p <- new
    if (done) break
  }
  list(weeks = weeks, survival = sapply(weeks, function(w) 1 - sum(p[right <= w])),
       loglik = sum(log(holds %*% p)), iterations = i)
}
by_survfit <- function(d, weeks) {
  fit <- survfit(surv2(d) ~ 1, data = d)
  list(weeks = weeks, survival = summary(fit, times = weeks, extend = TRUE)$surv)
}
by_survreg <- function(formula, d, dist, ...) {
  control <- survreg.control(rel.tol = 1e-14, maxiter = 200)
  fit <- do.call(survreg, list(formula, data = d, dist = dist, control = control, ...))
  list(coef = unname(coef(fit)), scale = fit$scale, loglik = fit$loglik[2], cov = unname(vcov(fit)))
}
dists <- c("exponential", "weibull", "loglogistic", "lognormal")
groups <- unname(split(bcdeter, bcdeter$treat))
out <- list(bcdeter = list(
  data = as.list(bcdeter),
  turnbull = lapply(groups, turnbull, weeks = c(4, 5, 12, 18, 25, 34, 40, 44)),
  survfit = list(by_survfit(groups[[1]], c(4.5, 39)), by_survfit(groups[[2]], c(16.5, 30.5))),
  survreg = setNames(lapply(dists, function(x) by_survreg(surv2(bcdeter) ~ treat, bcdeter, x)), dists)))

# -- a simulated trial with visits, a covariate, weights and delayed entry -------------------------
set.seed(20)
n <- 160
trial <- data.frame(arm = rep(0:1, each = n / 2), age = round(rnorm(n), 2),
                    weight = round(runif(n, 0.5, 2), 2))
true <- 22 * rweibull(n, 1.3) * exp(0.5 * trial$arm - 0.3 * trial$age)
visits <- lapply(1:n, function(i) c(0, (seq(4, 48, 4) + runif(12, -1, 1))[runif(12) < 0.85]))
trial$lower <- sapply(1:n, function(i) max(visits[[i]][visits[[i]] < true[i]]))
trial$upper <- sapply(1:n, function(i) { a <- visits[[i]][visits[[i]] >= true[i]]; if (length(a)) min(a) else NA })
trial[c("lower", "upper")] <- round(trial[c("lower", "upper")], 3)
exact <- runif(n) < 0.2 & !is.na(trial$upper)          # some events have a recorded day
trial$lower[exact] <- trial$upper[exact]
trial$entry <- ifelse(runif(n) < 0.4, round(runif(n) * pmin(trial$lower, 6), 3), 0)

maximise <- function(loglik, start) {
  fit <- optim(start, function(b) { v <- loglik(b); if (is.finite(v)) -v else 1e10 }, method = "BFGS",
               control = list(reltol = 1e-15, maxit = 2000))
  b <- fit$par
  for (i in 1:6) b <- b - solve(hessian(loglik, b), grad(loglik, b))
  list(coef = unname(b), loglik = loglik(b), cov = unname(solve(-hessian(loglik, b, method.args = list(d = 0.01)))))
}
# H(t, b) is the cumulative hazard of everyone, h(t, b) the hazard
interval_loglik <- function(d, H, h, weights = 1) {
  exact <- !is.na(d$upper) & d$lower == d$upper
  seen <- !is.na(d$upper) & !exact
  upper <- ifelse(seen, d$upper, 1)
  function(b) {
    low <- ifelse(d$lower > 0, H(pmax(d$lower, 1e-300), b), 0)
    entry <- ifelse(d$entry > 0, H(pmax(d$entry, 1e-300), b), 0)
    part <- -low + entry
    part <- part + ifelse(seen, suppressWarnings(log(-expm1(low - H(upper, b)))), 0)
    part <- part + ifelse(exact, suppressWarnings(log(h(pmax(d$lower, 1e-300), b))), 0)
    sum(weights * part)
  }
}
X <- as.matrix(trial[c("arm", "age")])
scales <- list(
  hazard = list(H = function(e) exp(e), d = function(e) exp(e)),
  odds = list(H = function(e) log1p(exp(e)), d = plogis),
  normal = list(H = function(e) -pnorm(-e, log.p = TRUE), d = function(e) exp(dnorm(e, log = TRUE) - pnorm(-e, log.p = TRUE))))
# natural cubic spline of log time with the truncated power basis of Royston and Parmar (2002)
basis <- function(x, k) {
  m <- length(k); pos <- function(u) pmax(u, 0)^3
  B <- cbind(1, x)
  for (j in seq_len(m - 2) + 1) {
    l <- (k[m] - k[j]) / (k[m] - k[1])
    B <- cbind(B, pos(x - k[j]) - l * pos(x - k[1]) - (1 - l) * pos(x - k[m]))
  }
  B
}
slope <- function(x, k) {
  m <- length(k); pos <- function(u) 3 * pmax(u, 0)^2
  B <- cbind(0 * x, 1)
  for (j in seq_len(m - 2) + 1) {
    l <- (k[m] - k[j]) / (k[m] - k[1])
    B <- cbind(B, pos(x - k[j]) - l * pos(x - k[1]) - (1 - l) * pos(x - k[m]))
  }
  B
}
spline_fit <- function(scale, knots, d, weights = 1) {
  s <- scales[[scale]]; p <- length(knots)
  eta <- function(t, b) drop(basis(log(t), knots) %*% b[1:p] + X %*% b[-(1:p)])
  H <- function(t, b) s$H(eta(t, b))
  h <- function(t, b) s$d(eta(t, b)) * drop(slope(log(t), knots) %*% b[1:p]) / t
  found <- maximise(interval_loglik(d, H, h, weights), c(-4, 1.3, rep(0, p - 2), 0, 0))
  # survival of someone with arm 1 and age 0 at 20 weeks, and mean weeks within 30
  S <- function(t, b) exp(-s$H(drop(basis(log(t), knots) %*% b[1:p]) + b[p + 1]))
  rmst <- function(b) integrate(S, 0, 30, b = b, rel.tol = 1e-11, subdivisions = 2000)$value
  c(found, list(knots = knots, survival = S(20, found$coef), rmst = rmst(found$coef),
                rmst_slope = grad(rmst, found$coef)))
}
two <- log(c(2, 48)); four <- log(c(2, 10, 20, 48))
piecewise_fit <- function(cuts, d) {
  k <- length(cuts) + 1
  widths <- function(t) sapply(1:k, function(j) pmax(pmin(t, c(cuts, Inf)[j]) - c(0, cuts)[j], 0))
  risk <- function(b) exp(drop(X %*% b[-(1:k)]))
  H <- function(t, b) drop(widths(t) %*% exp(b[1:k])) * risk(b)
  h <- function(t, b) exp(b[findInterval(t, cuts, left.open = TRUE) + 1]) * risk(b)
  maximise(interval_loglik(d, H, h), c(rep(-3.5, k), 0, 0))
}
no_entry <- transform(trial, entry = 0)
out$trial <- list(
  data = as.list(trial),
  survreg = setNames(lapply(dists, function(x) by_survreg(surv2(trial) ~ arm + age, trial, x)), dists),
  weighted = by_survreg(surv2(trial) ~ arm + age, trial, "weibull", weights = trial$weight),
  # of points and right-censored times: survreg's residuals of intervals (3.5-3) do not sum to zero
  robust = by_survreg(Surv(ifelse(is.na(upper), lower, upper), !is.na(upper)) ~ arm + age, trial,
                      "weibull", robust = TRUE),
  weibull_entry = spline_fit("hazard", two, trial),
  loglogistic_entry = spline_fit("odds", two, trial),
  lognormal_entry = spline_fit("normal", two, trial),
  spline = spline_fit("hazard", four, trial, trial$weight),
  spline_odds = spline_fit("odds", four, no_entry),
  spline_normal = spline_fit("normal", four, no_entry),
  piecewise = c(piecewise_fit(c(8, 16, 28), trial), list(cuts = c(8, 16, 28))))
out$about <- list(r = R.version.string, survival = as.character(packageVersion("survival")),
  KMsurv = as.character(packageVersion("KMsurv")),
  data = "bcdeter of KMsurv; trial: simulated in this script")
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, na = "null"), "intervals.json")
