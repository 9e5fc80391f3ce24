# Reference numbers for Hartung-Knapp intervals of networks and components, and for the test of
# additivity with heterogeneity allowed for (ctevidence.synthesis.network_fit, additivity). Made
# with R 4.2.2, metafor 3.8-1, metadat 1.2-0; writes network_intervals.json beside this file. Run in
# the project's root: it reads the contrasts of network.json, which network.R made.
#
# 1. Trials of two arms only, whose contrasts are independent. Where all are against placebo
#    (Stowe 2010) metafor's rma with moderators, test "knha" (plain) and "adhoc" (guarded), is the
#    network model itself. Else (Baker 2009) lm with weights 1 / (v + tau2): its summary has the
#    mean square and t. rma of this version centres y before it works out Q, which is not the Q of
#    a model whose columns do not contain the constant.
# 2. All trials, several arms with their covariance: the weighted residual mean square and
#    quadratic forms written out in the contrasts against each trial's first arm, at the generalised
#    DerSimonian-Laird tau-squared; ctevidence never forms these matrices.
suppressMessages({library(metafor); library(jsonlite); library(Matrix)})
made <- fromJSON("tests/reference/network.json")

basic <- function(d) {
  y <- c(); V <- list(); M <- list(); a <- c(); b <- c()
  for (s in unique(d$study)) {
    own <- d[d$study == s, ]; arms <- sort(unique(c(own$treat1, own$treat2))); rest <- arms[-1]
    get <- function(p, q, what) {
      if (p == q) return(0)
      f <- own[own$treat1 == p & own$treat2 == q, ]; r <- own[own$treat1 == q & own$treat2 == p, ]
      if (what == "v") return(c(f$std_error, r$std_error)^2)
      c(f$estimate, -r$estimate)
    }
    y <- c(y, sapply(rest, get, q = arms[1], what = "y"))
    W <- outer(seq_along(rest), seq_along(rest), Vectorize(function(i, j)
      (get(rest[i], arms[1], "v") + get(rest[j], arms[1], "v") - get(rest[i], rest[j], "v")) / 2))
    V <- c(V, list(W)); M <- c(M, list((1 + diag(length(rest))) / 2))
    a <- c(a, rest); b <- c(b, rep(arms[1], length(rest)))
  }
  list(y = unname(y), V = as.matrix(bdiag(V)), M = as.matrix(bdiag(M)), a = a, b = b)
}

columns <- function(n, treatments) {
  X <- matrix(0, length(n$y), length(treatments), dimnames = list(NULL, treatments))
  X[cbind(seq_along(n$y), match(n$a, treatments))] <- 1
  X[cbind(seq_along(n$y), match(n$b, treatments))] <- -1
  X
}

q_of <- function(n, X, tau2) {
  S <- solve(n$V + tau2 * n$M)
  cov <- solve(t(X) %*% S %*% X); b <- cov %*% t(X) %*% S %*% n$y; e <- n$y - X %*% b
  list(q = drop(t(e) %*% S %*% e), b = drop(b), cov = cov, df = length(n$y) - ncol(X))
}

dl <- function(n, X) {                 # Jackson et al. 2012: Q(0) and its expectation
  S <- solve(n$V); H <- X %*% solve(t(X) %*% S %*% X) %*% t(X) %*% S
  q <- drop(t(n$y) %*% S %*% (n$y - H %*% n$y)); R <- S %*% (diag(length(n$y)) - H)
  max(0, (q - (length(n$y) - ncol(X))) / sum(diag(R %*% n$M)))
}

one <- function(d, sep) {
  treatments <- sort(unique(c(d$treat1, d$treat2))); active <- setdiff(treatments, "Placebo")
  n <- basic(d); X <- columns(n, treatments)[, active]
  parts <- strsplit(treatments, sep, fixed = TRUE)
  components <- sort(setdiff(unique(unlist(parts)), "Placebo"))
  C <- t(sapply(parts, function(p) as.numeric(components %in% p)))
  XC <- columns(n, treatments) %*% C
  t_net <- dl(n, X); t_add <- dl(n, XC)
  net <- q_of(n, X, t_net); add <- q_of(n, XC, t_add); apart <- q_of(n, XC, t_net)$q - net$q
  rows <- function(f, names) {
    s2 <- f$q / f$df
    list(names = names, df = f$df, q = f$q, mean_square = s2, b = unname(f$b),
         se_plain = unname(sqrt(s2 * diag(f$cov))),
         se_guarded = unname(sqrt(max(1, s2) * diag(f$cov))), t975 = qt(0.975, f$df))
  }
  list(network = rows(net, active), additive = rows(add, components),
       difference_random = list(q = apart, df = ncol(X) - ncol(XC),
                                p = pchisq(apart, ncol(X) - ncol(XC), lower.tail = FALSE)))
}

two_arms <- function(d) {
  d <- d[ave(seq_along(d$study), d$study, FUN = length) == 1, ]; v <- d$std_error^2
  treatments <- sort(unique(c(d$treat1, d$treat2))); active <- setdiff(treatments, "Placebo")
  n <- list(y = d$estimate, a = d$treat1, b = d$treat2, V = diag(v), M = diag(nrow(d)))
  X <- columns(n, treatments)[, active]
  by_metafor <- function(test) {
    f <- rma(d$estimate, v, mods = X, intercept = FALSE, method = "DL", test = test)
    list(b = unname(drop(f$b)), se = unname(f$se), low = unname(f$ci.lb), high = unname(f$ci.ub),
         p = unname(f$pval))
  }
  by_lm <- function(test) {
    f <- summary(lm(d$estimate ~ X - 1, weights = 1 / (v + dl(n, X))))
    b <- unname(f$coefficients[, 1]); se <- unname(f$coefficients[, 2]); df <- f$df[2]
    if (test == "z" || (test == "adhoc" && f$sigma < 1)) se <- se / f$sigma
    if (test == "z") df <- Inf
    list(b = b, se = se, low = b - qt(0.975, df) * se, high = b + qt(0.975, df) * se,
         p = 2 * pt(-abs(b / se), df))
  }
  has_constant <- qr(cbind(1, X))$rank == ncol(X)
  fits <- lapply(c(plain = "knha", guarded = "adhoc", none = "z"),
                 if (has_constant) by_metafor else by_lm)
  c(list(engine = if (has_constant) "metafor rma" else "lm", contrasts = d, names = active), fits)
}

result <- list(versions = list(R = R.version.string, metafor = "3.8-1"))
for (name in c("baker2009", "stowe2010")) {
  d <- made[[name]]$contrasts
  result[[name]] <- c(one(d, if (name == "baker2009") "+" else " + "),
                      list(two_arms = two_arms(d)))
}
write(toJSON(result, auto_unbox = TRUE, digits = NA, pretty = TRUE),
      "tests/reference/network_intervals.json")
