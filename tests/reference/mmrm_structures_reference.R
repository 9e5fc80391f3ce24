# Reference values for tests/models/test_mmrm_structures.py: what R's mmrm was not asked for.
# Usage: Rscript mmrm_structures_reference.R   (in this folder; writes mmrm_structures_reference.json)
#   by_therapy        unstructured covariances of their own for people with and without therapy (glmmTMB)
#   us_ml             unstructured by maximum likelihood, Beat the Blues (nlme::gls)
#   toep, ad          homogeneous Toeplitz and ante-dependence: REML by its definition, optim
#   joint             joint tests under compound symmetry, which is a random intercept (lmerTest)
#   between_within    denominators of nlme::lme (inner-outer rule of Pinheiro and Bates 2000, 2.4.2)
# Data: mmrm_simulated_four_arm_trial.csv; Beat the Blues as received; Orthodont of nlme.
suppressMessages({library(nlme); library(glmmTMB); library(lmerTest); library(jsonlite)})
arms <- c("control", "medication", "therapy", "combined")
d <- read.csv("mmrm_simulated_four_arm_trial.csv")
d$arm <- factor(d$arm, levels = arms); d$visit <- as.integer(factor(d$week)); d$week <- factor(d$week)
d$therapy <- ifelse(d$arm %in% c("therapy", "combined"), "with", "without")
d <- d[order(d$participant_id, d$visit), ]
model <- score ~ baseline * week + arm * week
out <- list()

# -- unstructured, maximum likelihood --------------------------------------------------------------
B <- read.csv("../../data/raw/beat-the-blues/BtheB.csv")
B$arm <- factor(ifelse(B$drug == "Yes", ifelse(B$treatment == "BtheB", "combined", "medication"),
  ifelse(B$treatment == "BtheB", "therapy", "control")), levels = arms)
visits <- c("2", "3", "5", "8"); columns <- setdiff(grep("^bdi", names(B)), which(names(B) == "bdi.pre"))
b <- do.call(rbind, lapply(1:4, function(k) data.frame(participant_id = B$rownames, arm = B$arm,
  length = B$length, baseline = B$bdi.pre, visit = k, week = factor(visits[k], visits), score = B[[columns[k]]])))
b <- b[!is.na(b$score), ]; b <- b[order(b$participant_id, b$visit), ]
g <- gls(score ~ baseline * week + arm * week + length, b, method = "ML", weights = varIdent(form = ~1 | week),
  correlation = corSymm(form = ~visit | participant_id),
  control = glsControl(tolerance = 1e-11, msTol = 1e-13, maxIter = 500, msMaxIter = 500))
# nlme multiplies standard errors under ML by sqrt(n / (n - q)); taken out again here.
n <- g$dims$N; q <- g$dims$p
out$us_ml <- list(names = names(coef(g)), estimate = unname(coef(g)),
  std_error = unname(sqrt(diag(g$varBeta) * (n - q) / n)), loglik = as.numeric(logLik(g)))

# -- the REML likelihood by its definition ---------------------------------------------------------
X <- model.matrix(model, d); y <- d$score; k <- ncol(X); people <- split(seq_len(nrow(d)), d$participant_id)
kind <- sapply(people, function(i) paste(d$therapy[i[1]], paste(d$visit[i], collapse = " ")))
# For each group and pattern of visits, and each pair of them: sums of products of rows of (X, y).
parts <- lapply(unique(kind), function(p) {
  who <- people[kind == p]; at <- d$visit[who[[1]]]
  rows <- lapply(seq_along(at), function(j) cbind(X, y)[sapply(who, `[`, j), , drop = FALSE])
  list(group = d$therapy[who[[1]][1]], at = at, n = length(who),
       products = lapply(rows, function(a) lapply(rows, function(b) crossprod(a, b)))) })
definition <- function(sigmas) {   # -2 log-likelihood; covariance by group
  total <- matrix(0, k + 1, k + 1); logdet <- 0
  for (part in parts) {
    root <- chol(sigmas[[part$group]][part$at, part$at, drop = FALSE]); inverse <- chol2inv(root)
    logdet <- logdet + part$n * 2 * sum(log(diag(root)))
    for (i in seq_along(part$at)) for (j in seq_along(part$at)) total <- total + inverse[i, j] * part$products[[i]][[j]]
  }
  A <- total[1:k, 1:k]; a <- total[1:k, k + 1]; beta <- solve(A, a)
  list(value = (nrow(X) - k) * log(2 * pi) + logdet + 2 * sum(log(diag(chol(A)))) + total[k + 1, k + 1] - sum(a * beta),
       beta = beta, cov = solve(A))
}
at <- function(sigmas) { f <- definition(sigmas)
  list(names = colnames(X), estimate = unname(f$beta), std_error = unname(sqrt(diag(f$cov))), loglik = -f$value / 2) }

# -- separate covariances --------------------------------------------------------------------------
# Residual variance fixed at 1, so that the covariance of a person is that of the effects plus 1 on
# the diagonal; estimates and errors of coefficients by the definition at glmmTMB's covariances.
d$with <- as.numeric(d$therapy == "with"); d$without <- 1 - d$with; d$id <- factor(d$participant_id)
fit <- function(start = NULL) glmmTMB(update(model, . ~ . + us(0 + without:week | id) + us(0 + with:week | id)),
  d, REML = TRUE, map = setNames(list(factor(NA)), dispersion), start = c(setNames(list(0), dispersion), start),
  control = glmmTMBControl(optCtrl = list(iter.max = 1e4, eval.max = 1e4, rel.tol = 1e-13, x.tol = 1e-10)))
dispersion <- if (packageVersion("glmmTMB") >= "1.1.9") "betadisp" else "betad"
f <- fit(); v <- f$obj$env$last.par.best; f <- fit(list(theta = unname(v[names(v) == "theta"])))
total <- lapply(VarCorr(f)$cond, function(m) matrix(as.numeric(m), 6) + diag(6)); names(total) <- c("without", "with")
out$by_therapy <- c(at(total), total, glmmTMB_loglik = as.numeric(logLik(f)), gradient = max(abs(f$obj$gr(f$fit$par))))

# -- structures that nlme does not have ------------------------------------------------------------
deviance_of <- function(sigma)   # none where singular
  tryCatch(definition(list(without = sigma, with = sigma))$value, error = function(e) 1e10)
toep <- function(p) exp(2 * p[1]) * toeplitz(c(1, tanh(p[-1])))
ad <- function(p) { r <- tanh(p[-1]); m <- diag(6)
  for (j in 1:5) for (k in (j + 1):6) m[j, k] <- m[k, j] <- prod(r[j:(k - 1)]); exp(2 * p[1]) * m }
for (name in c("toep", "ad")) {
  structure <- get(name)
  p <- c(log(7), if (name == "ad") rep(atanh(.7), 5) else atanh(c(.75, .7, .65, .6, .55)))
  for (i in 1:4) p <- optim(p, function(p) deviance_of(structure(p)), method = "BFGS",
    control = list(reltol = 1e-15, maxit = 500, ndeps = rep(1e-5, 6)))$par
  best <- structure(p); out[[name]] <- c(at(list(without = best, with = best)), list(covariance = best))
}

# -- joint tests -----------------------------------------------------------------------------------
m <- lmer(score ~ baseline * week + arm * week + (1 | participant_id), d,
  control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 2e-3, rhoend = 1e-11, maxfun = 1e5)))
L <- diag(length(fixef(m)))
rows <- list(arm = paste0("arm", arms[-1]), interaction = grep(":arm", names(fixef(m)), value = TRUE),
             last_week = paste0("week12:arm", arms[-1]))
out$joint <- list(names = names(fixef(m)), loglik = as.numeric(logLik(m)), tests = lapply(rows, function(r) {
  t <- contestMD(m, L[match(r, names(fixef(m))), ], ddf = "Satterthwaite")
  list(rows = r, F = t[["F value"]], num_df = t[["NumDF"]], df = t[["DenDF"]], p = t[["Pr(>F)"]]) }))

# -- between-within --------------------------------------------------------------------------------
df_of <- function(f) list(names = names(fixef(f)), df = unname(f$fixDF$X))
data(Orthodont, package = "nlme")
out$between_within <- list(simulated = df_of(lme(model, d, random = ~1 | participant_id)),
  orthodont = df_of(lme(distance ~ age * Sex, as.data.frame(Orthodont), random = ~1 | Subject)))
out$about <- list(r = R.version.string, nlme = as.character(packageVersion("nlme")),
  glmmTMB = as.character(packageVersion("glmmTMB")), lmerTest = as.character(packageVersion("lmerTest")))
writeLines(toJSON(out, digits = 14, auto_unbox = TRUE, matrix = "rowmajor"), "mmrm_structures_reference.json")
cat(out$by_therapy$gradient, out$by_therapy$glmmTMB_loglik, out$by_therapy$loglik, out$toep$loglik, out$ad$loglik, "\n"); print(out$joint$tests)
print(out$between_within)
