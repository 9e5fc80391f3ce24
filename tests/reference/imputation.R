# Multiple imputation by R mice and by hand; for tests/sensitivity.
# Run: Rscript imputation.R   (writes imputation.json)
# 1. Beat the Blues as received: mice with predictive mean matching, 20 imputations. The completed
#    scores are exported, so that pooling is compared on the same imputations: lm and pool of mice.
#    And a logistic regression on response at 8 months (score at most half of the score before).
# 2. barnard.rubin of mice on a grid.
# 3. Reference-based strategies written out from the formulas of Carpenter, Roger and Kenward
#    (2013), appendix, with a covariance of their own in both arms: joint mean and covariance, and
#    the conditional normal of what is missing, all with base R matrix algebra.
# 4. A trial with gaps and dropout: estimates of mice (norm, 100 imputations) under missing at
#    random with their Monte-Carlo error.
suppressMessages({library(mice); library(jsonlite)})

B <- read.csv("../../data/raw/beat-the-blues/BtheB.csv")
arms <- c("control", "medication", "therapy", "combined")
B$arm <- factor(ifelse(B$drug == "Yes", ifelse(B$treatment == "BtheB", "combined", "medication"),
                       ifelse(B$treatment == "BtheB", "therapy", "control")), arms)
visits <- c("bdi.2m", "bdi.4m", "bdi.6m", "bdi.8m")
D <- B[, c("arm", "bdi.pre", visits)]
made <- mice(D, m = 20, method = "pmm", maxit = 10, seed = 414, printFlag = FALSE)
completed <- lapply(1:20, function(k) complete(made, k))
pooled <- pool(with(made, lm(bdi.8m ~ arm + bdi.pre)))
responded <- pool(with(made, glm(as.integer(bdi.8m <= bdi.pre / 2) ~ arm + bdi.pre, family = binomial)))
table_of <- function(p) with(p$pooled, list(term = as.character(term), estimate = estimate,
  ubar = ubar, b = b, t = t, dfcom = dfcom, df = df, riv = riv, lambda = lambda, fmi = fmi))

grid <- expand.grid(m = c(2, 5, 20, 200), lambda = c(0.01, 0.2, 0.5, 0.95), dfcom = c(5, 40, 1000))
# ubar 1; b so that lambda is (1 + 1/m) b / t
grid$b <- grid$lambda / (1 - grid$lambda) / (1 + 1 / grid$m)
grid$df <- mapply(function(m, b, dfcom)
  mice:::barnard.rubin(m, b, 1 + (1 + 1 / m) * b, dfcom), grid$m, grid$b, grid$dfcom)

# -- strategies by hand ----------------------------------------------------------------------------
own <- list(mu = c(20, 17, 15, 12), S = 36 * 0.7^abs(outer(1:4, 1:4, "-")))
ref <- list(mu = c(21, 20, 19, 19.5), S = diag(c(5, 5.5, 6, 7)) %*%
              (0.3 + 0.5^abs(outer(1:4, 1:4, "-")) * 0.7) %*% diag(c(5, 5.5, 6, 7)))
y <- c(14, NA, 11, NA); seen <- 3; start <- 26
profile <- function(strategy) {
  b <- 1:seen; a <- (seen + 1):4
  H <- ref$S[a, b] %*% solve(ref$S[b, b])
  S <- own$S
  S[a, b] <- H %*% own$S[b, b]; S[b, a] <- t(S[a, b])
  S[a, a] <- ref$S[a, a] - H %*% (ref$S[b, b] - own$S[b, b]) %*% t(H)
  switch(strategy,
    "missing at random" = own,
    "jump to reference" = list(mu = c(own$mu[b], ref$mu[a]), S = S),
    "copy reference" = ref,
    "copy increments in reference" =
      list(mu = c(own$mu[b], own$mu[seen] + ref$mu[a] - ref$mu[seen]), S = S),
    "last mean carried forward" = list(mu = c(own$mu[b], rep(own$mu[seen], length(a))), S = own$S))
}
strategies <- c("missing at random", "jump to reference", "copy reference",
                "copy increments in reference", "last mean carried forward")
by_hand <- lapply(setNames(strategies, strategies), function(s) {
  p <- profile(s); u <- is.na(y)
  slope <- p$S[u, !u] %*% solve(p$S[!u, !u])
  list(mu = p$mu, S = p$S, mean = as.vector(p$mu[u] + slope %*% (y[!u] - p$mu[!u])),
       cov = p$S[u, u] - slope %*% p$S[!u, u])
})

# -- missing at random by mice's normal regressions ---------------------------------------------
T <- read.csv("mmrm_simulated_four_arm_trial.csv")
W <- reshape(T[, c("participant_id", "arm", "baseline", "week", "score")], direction = "wide",
             idvar = c("participant_id", "arm", "baseline"), timevar = "week")
weeks <- sort(unique(T$week))
names(W)[-(1:3)] <- sub("score.", "w", names(W)[-(1:3)])
columns <- paste0("w", weeks)
W <- W[, c("arm", "baseline", columns)]
W$arm <- factor(W$arm, arms)
chained <- mice(W, m = 100, method = "norm", maxit = 10, seed = 415, printFlag = FALSE)
at_last <- pool(with(chained, lm(w12 ~ arm + baseline)))

write_json(list(
  versions = list(mice = as.character(packageVersion("mice")), R = R.version.string),
  beat_the_blues = list(scores = lapply(completed, function(d) unname(as.matrix(d[, visits]))),
                        lm = table_of(pooled), logistic = table_of(responded)),
  barnard_rubin = grid,
  strategies = list(own = own, reference = ref, y = y, seen = seen, start = start, results = by_hand),
  four_arm_trial = list(week = max(weeks), imputations = 100, lm = table_of(at_last))
), "imputation.json", digits = NA, auto_unbox = TRUE, na = "null", matrix = "rowmajor")
