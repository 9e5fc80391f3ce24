# Four arms weighted by propensities: estimates and errors by stacked estimating equations and by
# numerical derivatives, for tests/models and tests/sensitivity.
# Run: Rscript weighting.R   (writes weighting.json)
suppressMessages({library(nnet); library(numDeriv); library(survival); library(survey); library(jsonlite)})
set.seed(9)
n <- 420
arms <- c("control", "medication", "therapy", "combined")
d <- data.frame(participant_id = sprintf("P%03d", 1:n), baseline = round(rnorm(n, 24, 6)),
                age = round(runif(n, 20, 70)), sex = sample(c("f", "m"), n, TRUE))
m <- rbinom(n, 1, plogis(0.09 * (d$baseline - 24) + 0.02 * (d$age - 45)))
t <- rbinom(n, 1, plogis(0.08 * (d$baseline - 24) - 0.5 * (d$sex == "m")))
d$arm <- arms[1 + m + 2 * t]
p <- plogis(-0.2 + 0.5 * m + 0.4 * t - 0.08 * (d$baseline - 24) - 0.01 * (d$age - 45))
d$week6 <- rbinom(n, 1, p); d$week12 <- rbinom(n, 1, p)
d$week12[sample(n, 60)] <- NA
d$score <- round(d$baseline - 6 - 3 * m - 2 * t + rnorm(n, 0, 5), 1)
rate <- exp(-3.2 - 0.5 * m - 0.4 * t + 0.05 * (d$baseline - 24))
time <- ceiling(rexp(n, rate)); death <- ceiling(rexp(n, 0.004)); end <- ceiling(runif(n, 10, 60))
d$time <- pmin(time, death, end)
d$cause <- ifelse(time <= pmin(death, end), 1, ifelse(death <= end, 2, 0))

a <- match(d$arm, arms)
X <- cbind(1, d$baseline - mean(d$baseline), d$age - mean(d$age),
           (d$sex == "m") - mean(d$sex == "m"))
q <- ncol(X)
chances <- function(beta) {
  eta <- cbind(0, X %*% matrix(beta, q))         # beta: arm by arm
  exp(eta) / rowSums(exp(eta))
}
Y <- outer(a, 1:4, "==") * 1
score_beta <- function(beta) {                   # n x 3q
  r <- (Y - chances(beta))[, -1]
  do.call(cbind, lapply(1:3, function(k) X * r[, k]))
}
start <- multinom(a ~ X - 1, trace = FALSE, maxit = 2000, reltol = 1e-14, abstol = 1e-14)
beta <- as.vector(t(coef(start)))
for (i in 1:4) beta <- beta - solve(jacobian(function(b) colSums(score_beta(b)), beta), colSums(score_beta(beta)))
tilts <- list("inverse-probability" = function(e) rep(1, nrow(e)),
              overlap = function(e) 1 / rowSums(1 / e), matching = function(e) apply(e, 1, min))
weight <- function(b, how) { e <- chances(b); tilts[[how]](e) / e[cbind(1:n, a)] }

# everyone's influence on the solution of stacked equations; U gives n x (number of parameters)
influences <- function(U, theta) U(theta) %*% t(-solve(jacobian(function(x) colSums(U(x)), theta)))
cov_of <- function(U, theta, keep) crossprod(influences(U, theta)[, keep, drop = FALSE])

hajek <- function(y, how, known = FALSE) {
  s <- !is.na(y); y0 <- ifelse(s, y, 0)
  mu <- sapply(1:4, function(k) weighted.mean(y[s & a == k], weight(beta, how)[s & a == k]))
  U <- function(theta) {
    b <- if (known) beta else theta[1:(3 * q)]
    mu <- if (known) theta else theta[-(1:(3 * q))]
    w <- weight(b, how)
    means <- sapply(1:4, function(k) w * s * (a == k) * (y0 - mu[k]))
    if (known) means else cbind(score_beta(b), means)
  }
  theta <- if (known) mu else c(beta, mu)
  keep <- if (known) 1:4 else 3 * q + 1:4
  list(estimate = mu, cov = cov_of(U, theta, keep))
}
D <- cbind(Y, X[, -1])                            # design of the outcome regression
augmented <- function(y, how, link, among = rep(TRUE, n)) {
  s <- !is.na(y); y0 <- ifelse(s, y, 0)
  inv <- if (link == "logit") plogis else identity
  U_gamma <- function(g) D * (s * (y0 - inv(drop(D %*% g))))
  g <- rep(0, ncol(D))
  for (i in 1:30) g <- g - solve(jacobian(function(x) colSums(U_gamma(x)), g), colSums(U_gamma(g)))
  fitted <- function(g, k) { as_if <- D; as_if[, 1:4] <- 0; as_if[, k] <- 1; inv(drop(as_if %*% g)) }
  parts <- function(b, g) {
    e <- chances(b); h <- tilts[[how]](e) * among; w <- tilts[[how]](e) / e[cbind(1:n, a)]
    list(h = h, w = w)
  }
  now <- parts(beta, g)
  one <- sapply(1:4, function(k) weighted.mean(fitted(g, k), now$h))
  two <- sapply(1:4, function(k) { i <- s & a == k; weighted.mean(y[i] - fitted(g, k)[i], now$w[i]) })
  nb <- 3 * q; ng <- ncol(D)
  U <- function(theta) {
    b <- theta[1:nb]; g <- theta[nb + 1:ng]; one <- theta[nb + ng + 1:4]; two <- theta[nb + ng + 4 + 1:4]
    now <- parts(b, g)
    cbind(score_beta(b), U_gamma(g), sapply(1:4, function(k) now$h * (fitted(g, k) - one[k])),
          sapply(1:4, function(k) now$w * s * (a == k) * (y0 - fitted(g, k) - two[k])))
  }
  psi <- influences(U, c(beta, g, one, two))[, nb + ng + 1:8]
  list(estimate = one + two, cov = crossprod(psi[, 1:4] + psi[, 5:8]))
}

# anything made of weighted people: derivatives by each weight, then by the propensities. Of a
# quantity of one arm, `theta(w, k)`, only the weights of that arm matter.
psi_beta <- influences(score_beta, beta)
little <- list(r = 3, eps = 1e-3)
from_derivatives <- function(estimate, G, through, w) {
  psi <- w * G + psi_beta %*% t(through)
  list(estimate = estimate, cov = crossprod(psi), cov_known = crossprod(w * G))
}
by_derivatives <- function(theta, how) {
  w <- weight(beta, how); G <- matrix(0, n, 4)
  for (k in 1:4) G[a == k, k] <- jacobian(function(v) { u <- w; u[a == k] <- v; theta(u, k) }, w[a == k], method.args = little)
  all4 <- function(w) sapply(1:4, function(k) theta(w, k))
  from_derivatives(all4(w), G, jacobian(function(b) all4(weight(b, how)), beta, method.args = little), w)
}
week <- 20
curve <- function(w, k) {
  i <- a == k; f <- survfit(Surv(time, cause == 1) ~ 1, d[i, ], weights = w[i], se.fit = FALSE)
  f$surv[findInterval(week, f$time)] }
area <- function(w, k) {
  i <- a == k; f <- survfit(Surv(time, cause == 1) ~ 1, d[i, ], weights = w[i], se.fit = FALSE)
  x <- c(0, f$time[f$time < week], week); sum(diff(x) * c(1, f$surv[f$time < week])) }
incidence <- function(w, k) {
  i <- a == k; f <- survfit(Surv(time, factor(cause, 0:2)) ~ 1, d[i, ], weights = w[i], se.fit = FALSE)
  f$pstate[findInterval(week, f$time), 2] }
f4 <- factor(d$arm, arms); d$f4 <- f4
cox <- function(w) coef(coxph(Surv(time, cause == 1) ~ f4, d, weights = w, ties = "breslow",
                              control = coxph.control(eps = 1e-13, toler.chol = 1e-15, iter.max = 100)))
w <- weight(beta, "overlap")
robust <- coxph(Surv(time, cause == 1) ~ f4, d, weights = w, robust = TRUE, control = coxph.control(eps = 1e-13, toler.chol = 1e-15, iter.max = 100))

pseudo_values <- function(type) {
  ps <- numeric(n)
  for (k in 1:4) { i <- a == k
    f <- do.call(survfit, list(Surv(time, cause == 1) ~ 1, data = d[i, ]))
    ps[i] <- pseudo(f, times = week, type = type) }
  ps
}
surveyed <- svydesign(~1, weights = w, data = d)
svy <- svyby(~week6, ~f4, surveyed, svymean)
svy_model <- svyglm(score ~ f4, surveyed)
whole <- svykm(Surv(time, cause == 1) ~ 1, subset(surveyed, f4 == "therapy"), se = FALSE)
# balance: largest standardised difference over pairs of arms, before and after
smd <- function(x, w) {
  s <- sqrt(mean(tapply(x, a, var))); mu <- sapply(1:4, function(k) weighted.mean(x[a == k], w[a == k]))
  max(dist(mu)) / s }

ways <- c("inverse-probability", "overlap", "matching")
each <- function(f) setNames(lapply(ways, f), ways)
out <- list(
  data = as.list(d[names(d) != "f4"]), arms = arms, week = week,
  coef = beta, cov_coef = solve(-jacobian(function(b) colSums(score_beta(b)), beta)),
  probability = chances(beta), weight = each(function(h) weight(beta, h)),
  effective = each(function(h) sapply(1:4, function(k) { v <- weight(beta, h)[a == k]; sum(v)^2 / sum(v^2) })),
  smd = each(function(h) lapply(list(baseline = d$baseline, age = d$age, sex = (d$sex == "m") * 1),
             function(x) c(smd(x, rep(1, n)), smd(x, weight(beta, h))))),
  risk6 = each(function(h) hajek(d$week6, h)), risk12 = each(function(h) hajek(d$week12, h)),
  score = each(function(h) hajek(d$score, h)), risk6_known = hajek(d$week6, "overlap", known = TRUE),
  augmented6 = each(function(h) augmented(d$week6, h, "logit")),
  augmented12 = each(function(h) augmented(d$week12, h, "logit")),
  augmented_score = each(function(h) augmented(d$score, h, "identity")),
  survival = list("inverse-probability" = by_derivatives(curve, "inverse-probability"), overlap = by_derivatives(curve, "overlap")),
  rmst = list(overlap = by_derivatives(area, "overlap")), incidence = list(overlap = by_derivatives(incidence, "overlap")),
  cox_breslow = from_derivatives(cox(w), t(jacobian(cox, w, method.args = little)), jacobian(function(b) cox(weight(b, "overlap")), beta, method.args = little), w), cox = list(estimate = coef(robust), cov_known = vcov(robust)),
  score_residuals = residuals(robust, "score", weighted = TRUE),
  pseudo = list(survival = pseudo_values("survival"), rmst = pseudo_values("rmst")),
  augmented_survival = each(function(h) augmented(pseudo_values("survival"), h, "logit")),
  augmented_rmst = each(function(h) augmented(pseudo_values("rmst"), h, "identity")),
  survey = list(mean = coef(svy), se = SE(svy), model = coef(svy_model),
                km = whole$surv[findInterval(week, whole$time)]),
  about = list(r = R.version.string, nnet = as.character(packageVersion("nnet")),
               survival = as.character(packageVersion("survival")), survey = as.character(packageVersion("survey"))))
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, na = "null"), "weighting.json")
