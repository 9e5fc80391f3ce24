# Logistic regression with a random intercept: lme4::glmer with 25 quadrature points, tightly
# converged, and an independent maximum of the integrated log-likelihood (trapezoidal rule), whose Hessian is taken by Richardson extrapolation; geepack::geeglm on the same
# data; and Firth's penalised likelihood, maximised by hand. For tests/models.
# Run: Rscript logistic_mixed.R   (writes logistic_mixed.json)
suppressMessages({library(lme4); library(geepack); library(jsonlite)})
set.seed(41)

# -- repeated visits: four arms, three visits, a person's own level --------------------------------
people <- 120
arms <- c("control", "medication", "therapy", "combined")
p <- data.frame(person = 1:people, arm = rep(0:3, each = 30), baseline = round(rnorm(people, 24, 6)))
p$u <- rnorm(people, 0, 1.6)
d <- merge(p, data.frame(week = 1:3))
d <- d[order(d$person, d$week), ]
eta <- -1.2 + 0.5 * d$week + c(0, 0.5, 0.6, 1.4)[d$arm + 1] - 0.05 * (d$baseline - 24) + d$u
d$y <- rbinom(nrow(d), 1, plogis(eta))
d <- d[runif(nrow(d)) > 0.12, ]

# -- sites: few large clusters -----------------------------------------------------------------------
s <- data.frame(site = rep(1:9, c(8, 60, 25, 40, 12, 30, 90, 5, 20)))
s$arm <- rbinom(nrow(s), 1, 0.5)
s$y <- rbinom(nrow(s), 1, plogis(-1 + 0.7 * s$arm + rnorm(9, 0, 0.8)[s$site]))

# the trapezoidal rule over the standard normal u converges exponentially: exact to about 1e-13 here
u <- seq(-11, 11, by = 0.04)
loglik <- function(theta, X, y, group) {
  k <- length(theta)
  eta <- outer(drop(X %*% theta[-k]), theta[k] * u, "+")
  terms <- rowsum(y * eta - ifelse(eta > 0, eta, 0) - log1p(exp(-abs(eta))), group)
  terms <- sweep(terms, 2, dnorm(u, log = TRUE), "+")
  top <- apply(terms, 1, max)
  sum(top + log(rowSums(exp(terms - top)) * 0.04))
}

# second derivatives by central differences, extrapolated over three step sizes
hessian <- function(f, x) {
  k <- length(x)
  at <- function(h) {
    H <- matrix(0, k, k)
    for (i in 1:k) for (j in 1:i) {
      a <- replace(numeric(k), i, h); b <- replace(numeric(k), j, h)
      H[i, j] <- H[j, i] <- (f(x + a + b) - f(x + a - b) - f(x - a + b) + f(x - a - b)) / (4 * h^2)
    }
    H
  }
  h <- 0.04
  one <- at(h); two <- at(h / 2); four <- at(h / 4)
  a <- (4 * two - one) / 3; b <- (4 * four - two) / 3
  (16 * b - a) / 15
}

mixed <- function(formula, data, group, X) {
  fit <- suppressMessages(suppressWarnings(glmer(formula, data, binomial, nAGQ = 25,
    control = glmerControl(optimizer = "bobyqa", tolPwrss = 1e-13,
      optCtrl = list(rhobeg = 0.02, rhoend = 1e-9, maxfun = 1e5)))))
  theta <- c(fixef(fit), getME(fit, "theta"))
  f <- function(t) loglik(t, X, data$y, group)
  # Newton steps on the exact integral polish what glmer's optimiser leaves
  for (i in 1:2) {
    H <- hessian(f, theta)
    g <- sapply(seq_along(theta), function(j) {
      e <- replace(numeric(length(theta)), j, 1e-3)
      (8 * (f(theta + e) - f(theta - e)) - (f(theta + 2 * e) - f(theta - 2 * e))) / (12e-3)
    })
    theta <- theta - solve(H, g)
  }
  list(data = as.list(data), glmer_coef = unname(fixef(fit)),
       glmer_se = unname(sqrt(diag(as.matrix(vcov(fit))))), glmer_sigma = unname(getME(fit, "theta")),
       glmer_loglik = as.numeric(logLik(fit)), coef = unname(theta[-length(theta)]),
       sigma = unname(theta[length(theta)]), loglik = f(theta), cov = unname(solve(-hessian(f, theta))))
}

X <- model.matrix(~ factor(arm) + week + I(baseline - 24), d)
visits <- mixed(y ~ factor(arm) + week + I(baseline - 24) + (1 | person), d, d$person, X)
sites <- mixed(y ~ arm + (1 | site), s, s$site, model.matrix(~ arm, s))

gee <- function(corstr) {
  fit <- geeglm(y ~ factor(arm) + week + I(baseline - 24), binomial, d, id = person, corstr = corstr,
                control = geese.control(epsilon = 1e-12, maxit = 200))
  list(coef = unname(coef(fit)), se = unname(summary(fit)$coefficients[, "Std.err"]),
       alpha = unname(summary(fit)$corr[1, "Estimate"]))
}

# -- Firth: penalised log-likelihood l + log|I|/2, maximised by optim and polished --------------------
firth <- function(X, y) {
  pl <- function(b) {
    eta <- drop(X %*% b); p <- plogis(eta)
    sum(y * plogis(eta, log.p = TRUE) + (1 - y) * plogis(-eta, log.p = TRUE)) + 0.5 * as.numeric(determinant(crossprod(X, p * (1 - p) * X))$modulus)
  }
  gradient <- function(b) {
    p <- plogis(drop(X %*% b)); w <- p * (1 - p)
    h <- w * rowSums((X %*% solve(crossprod(X, w * X))) * X)
    drop(crossprod(X, y - p + h * (0.5 - p)))
  }
  climb <- function(b, free) {
    for (i in 1:200) {
      p <- plogis(drop(X %*% b)); I <- crossprod(X, p * (1 - p) * X)
      step <- numeric(length(b)); step[free] <- solve(I[free, free, drop = FALSE], gradient(b)[free])
      step <- step / max(1, max(abs(step)) / 2)
      while (pl(b + step) < pl(b) - 1e-12) step <- step / 2
      b <- b + step
      if (max(abs(step)) < 1e-13) break
    }
    b
  }
  k <- ncol(X)
  b <- climb(numeric(k), 1:k)
  p <- plogis(drop(X %*% b))
  se <- sqrt(diag(solve(crossprod(X, p * (1 - p) * X))))
  limit <- function(j, sign) {
    f <- function(x) { s <- b; s[j] <- x; pl(climb(s, setdiff(1:k, j))) - pl(b) + qchisq(0.95, 1) / 2 }
    far <- b[j] + sign * se[j]
    while (f(far) > 0) far <- far + sign * se[j] / 2
    uniroot(f, sort(c(b[j], far)), tol = 1e-11)$root
  }
  list(coef = unname(b), se = unname(se), loglik = pl(b),
       low = sapply(1:k, limit, -1), high = sapply(1:k, limit, 1))
}
# a rare outcome: nobody of the second arm has it
q <- data.frame(arm = rep(0:2, c(20, 18, 22)), severity = round(rnorm(60), 2))
q$y <- as.numeric(runif(60) < c(0.25, 0, 0.5)[q$arm + 1])
q$y[q$arm == 1] <- 0
separated <- c(list(data = as.list(q)), firth(model.matrix(~ 0 + factor(arm) + severity, q), q$y))
# fully separated by one column
v <- data.frame(x = c(-3, -2, -1.5, -1, 1, 1.2, 2, 4), y = c(0, 0, 0, 0, 1, 1, 1, 1))
complete <- c(list(data = as.list(v)), firth(model.matrix(~ x, v), v$y))

out <- list(about = R.version.string, visits = visits, sites = sites,
            gee = list(independence = gee("independence"), exchangeable = gee("exchangeable")),
            firth = list(separated = separated, complete = complete))
write_json(out, "logistic_mixed.json", digits = 14, auto_unbox = TRUE)
cat("visits", format(visits$glmer_se - sqrt(diag(visits$cov))[1:6]), "\n")
cat("loglik", visits$glmer_loglik - visits$loglik, sites$glmer_loglik - sites$loglik, "\n")
