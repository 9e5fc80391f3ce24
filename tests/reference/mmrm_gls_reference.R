# Reference values for tests/models/test_mmrm*.py from nlme::gls and clubSandwich.
# Usage: Rscript mmrm_gls_reference.R   (in this folder; writes mmrm_gls_reference.json)
# Data: mmrm_simulated_four_arm_trial.csv with two columns made here:
#   weight = 1 + (row number mod 3),  day = 7 week + (37 row number mod 7) - 3
suppressMessages({library(nlme); library(clubSandwich); library(jsonlite)})
d <- read.csv("mmrm_simulated_four_arm_trial.csv")
row <- seq_len(nrow(d))
d$weight <- 1 + row %% 3; d$inverse <- 1 / d$weight
d$day <- 7 * d$week + (37 * row) %% 7 - 3
d$arm <- factor(d$arm, levels = c("control", "medication", "therapy", "combined"))
d$visit <- as.integer(factor(d$week)); d$week <- factor(d$week)
d <- d[order(d$participant_id, d$visit), ]
model <- score ~ baseline * week + arm * week
tight <- glsControl(tolerance = 1e-11, msTol = 1e-13, maxIter = 500, msMaxIter = 500)
fit <- function(cor, weights = NULL, method = "REML")
  do.call(gls, list(model, quote(d), correlation = cor, weights = weights, method = method, control = tight))
# nlme multiplies standard errors under ML by sqrt(n / (n - q)); taken out again here.
inflation <- function(f) if (f$method == "ML") sqrt(f$dims$N / (f$dims$N - f$dims$p)) else 1
describe <- function(f) list(names = names(coef(f)), estimate = unname(coef(f)),
  std_error = unname(sqrt(diag(f$varBeta))) / inflation(f), loglik = as.numeric(logLik(f)))
robust <- function(f, type) { v <- vcovCR(f, cluster = d$participant_id, type = type)
  t <- coef_test(f, v, test = "Satterthwaite")
  list(std_error = t$SE, df = t$df_Satt) }
# CR2 by its definition in Bell & McCaffrey 2002, symmetric root of I - H after whitening, as in R's
# mmrm. clubSandwich takes another root with the same expectation; they differ in the fourth digit.
bell_mccaffrey <- function(f) {
  X <- model.matrix(model, d); r <- d$score - drop(X %*% coef(f)); meat <- 0
  for (p in unique(d$participant_id)) {
    i <- which(d$participant_id == p)
    V <- matrix(getVarCov(f, individual = p), length(i))
    W <- solve(t(chol(V))); x <- W %*% X[i, , drop = FALSE]; e <- W %*% r[i]
    S <- eigen(diag(length(i)) - x %*% f$varBeta %*% t(x), symmetric = TRUE)
    root <- S$vectors %*% diag(1 / sqrt(S$values), length(i)) %*% t(S$vectors)
    z <- t(x) %*% root %*% e; meat <- meat + z %*% t(z)
  }
  unname(sqrt(diag(f$varBeta %*% meat %*% f$varBeta)))
}
by_week <- varIdent(form = ~1 | week)
out <- list()
ar1h <- fit(corAR1(form = ~visit | participant_id), by_week)
out$ar1h <- describe(ar1h)
for (type in c("CR0", "CR2", "CR3")) out$ar1h[[type]] <- robust(ar1h, type)
out$ar1h$CR2$bell_mccaffrey <- bell_mccaffrey(ar1h)
out$ar1h_ml <- describe(fit(corAR1(form = ~visit | participant_id), by_week, "ML"))
out$csh_ml <- describe(fit(corCompSymm(form = ~1 | participant_id), by_week, "ML"))
out$ar1h_weighted <- describe(fit(corAR1(form = ~visit | participant_id),
  varComb(varIdent(form = ~1 | week), varFixed(~inverse))))
sp <- fit(corExp(form = ~day | participant_id))
out$sp_exp <- describe(sp)
out$sp_exp$variance <- sp$sigma^2; out$sp_exp$range <- unname(coef(sp$modelStruct$corStruct, unconstrained = FALSE))
# Beat the Blues as received; the four visits called 2, 3, 5, 8 as in mmrm_reference.R.
B <- read.csv("../../data/raw/beat-the-blues/BtheB.csv")
B$arm <- factor(ifelse(B$drug == "Yes", ifelse(B$treatment == "BtheB", "combined", "medication"),
  ifelse(B$treatment == "BtheB", "therapy", "control")), levels = levels(d$arm))
visits <- c("2", "3", "5", "8"); columns <- setdiff(grep("^bdi", names(B)), which(names(B) == "bdi.pre"))
d <- do.call(rbind, lapply(1:4, function(k) data.frame(participant_id = B$rownames, arm = B$arm,
  length = B$length, baseline = B$bdi.pre, visit = k, week = factor(visits[k], visits), score = B[[columns[k]]])))
d <- d[!is.na(d$score), ]; d <- d[order(d$participant_id, d$visit), ]
model <- score ~ baseline * week + arm * week + length
out$beat_the_blues <- describe(fit(corSymm(form = ~visit | participant_id), by_week))
out$about <- list(r = R.version.string, nlme = as.character(packageVersion("nlme")),
  clubSandwich = as.character(packageVersion("clubSandwich")), note = "score ~ baseline * week + arm * week")
writeLines(toJSON(out, digits = 14, auto_unbox = TRUE), "mmrm_gls_reference.json")
