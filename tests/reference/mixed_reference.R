# Reference values for tests/models/test_mixed*.py from lme4, lmerTest and pbkrtest.
# Usage: Rscript mixed_reference.R   (in this folder; writes mixed_reference.json, mixed_*.csv)
# sleepstudy: lme4 (Belenky et al. 2003, J Sleep Res 12:1). Orthodont: nlme (Potthoff & Roy 1964,
# Biometrika 51:313). clusters: simulated below; therapists in two of four arms, sites, irregular days.
suppressMessages({library(lme4); library(lmerTest); library(pbkrtest); library(jsonlite)})
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 2e-3, rhoend = 1e-11, maxfun = 1e5),
                     check.conv.singular = .makeCC(action = "ignore", tol = 1e-4))
fit <- function(formula, data, REML = TRUE, w = rep(1, nrow(data))) {
  data$.w <- w; theta <- NULL
  for (i in 1:3) {  # bobyqa again from where it stopped
    f <- do.call(lmer, list(formula, data, REML = REML, weights = quote(.w), control = tight, start = theta))
    theta <- getME(f, "theta") }
  f }
table_of <- function(f, ddf) { s <- coef(summary(f, ddf = ddf)); list(std_error = unname(s[, 2]), df = unname(s[, 3])) }
describe <- function(f, joint = NULL, kr = TRUE) {
  out <- list(names = names(fixef(f)), estimate = unname(fixef(f)), loglik = as.numeric(logLik(f)),
    sigma2 = sigma(f)^2, random = lapply(VarCorr(f), function(v) unname(as.matrix(v)[, , drop = FALSE])),
    n_obs = nobs(f), satterthwaite = table_of(f, "Satterthwaite"))
  if (kr) { out$kr <- table_of(f, "Kenward-Roger"); out$kr$cov <- unname(as.matrix(vcovAdj(f))) }
  if (!is.null(joint)) {
    s <- contestMD(f, joint, ddf = "Satterthwaite")
    out$joint <- list(L = joint, satterthwaite = list(F = s[["F value"]], df = s[["DenDF"]], p = s[["Pr(>F)"]]))
    if (kr) { k <- contestMD(f, joint, ddf = "Kenward-Roger")
      out$joint$kr <- list(F = k[["F value"]], df = k[["DenDF"]], p = k[["Pr(>F)"]]) }
  }
  out
}
out <- list()

data(sleepstudy, package = "lme4")
write.csv(sleepstudy, "mixed_sleepstudy.csv", row.names = FALSE, quote = FALSE)
f <- fit(Reaction ~ Days + (Days | Subject), sleepstudy)
out$sleepstudy <- describe(f, diag(2))
re <- ranef(f, condVar = TRUE)$Subject
out$sleepstudy$blup <- unname(as.matrix(re)); out$sleepstudy$members <- rownames(re)
out$sleepstudy$conditional_var <- aperm(unname(attr(re, "postVar")), c(3, 1, 2))
out$sleepstudy_ml <- describe(fit(Reaction ~ Days + (Days | Subject), sleepstudy, REML = FALSE), kr = FALSE)
out$sleepstudy_uncorrelated <- describe(fit(Reaction ~ Days + (Days || Subject), sleepstudy))
# Unbalanced: every third observation of the last nine people is gone.
cut <- sleepstudy[!(sleepstudy$Subject %in% unique(sleepstudy$Subject)[10:18] & seq_len(180) %% 3 == 0), ]
out$sleepstudy_unbalanced <- describe(fit(Reaction ~ Days + I(Days^2) + (Days | Subject), cut),
                                      rbind(c(0, 1, 0), c(0, 0, 1)))

data(Orthodont, package = "nlme"); O <- as.data.frame(Orthodont)
write.csv(O, "mixed_orthodont.csv", row.names = FALSE, quote = FALSE)
out$orthodont <- describe(fit(distance ~ age * Sex + (1 | Subject), O),
                          rbind(c(0, 0, 1, 0), c(0, 0, 0, 1)))

set.seed(20)
arms <- c("control", "medication", "therapy", "combined")
P <- data.frame(id = 1:96, arm = rep(arms, each = 24), site = sample(1:5, 96, TRUE))
P$therapist <- ifelse(P$arm %in% c("therapy", "combined"), sample(1:9, 96, TRUE), NA)
D <- do.call(rbind, lapply(1:96, function(i) {
  k <- sample(2:6, 1); data.frame(P[i, ], day = sort(sample(0:120, k)), row.names = NULL) }))
D$week <- D$day / 7
u <- cbind(rnorm(96, 0, 4), rnorm(96, 0, 0.35)); v <- rnorm(9, 0, 2.5); w <- rnorm(5, 0, 2)
slope <- c(control = -0.3, medication = -0.5, therapy = -0.5, combined = -0.8)
D$on_drug <- as.integer(D$arm == "control" & D$day > 60 & D$id %% 2 == 0)  # started mid-way
D$score <- round(25 + slope[D$arm] * D$week - 2 * D$on_drug + u[D$id, 1] + u[D$id, 2] * D$week +
  ifelse(is.na(D$therapist), 0, v[D$therapist]) + w[D$site] + rnorm(nrow(D), 0, 3), 3)
D$precision <- sample(1:3, nrow(D), TRUE)
write.csv(D, "mixed_clusters.csv", row.names = FALSE, quote = FALSE, na = "")
D$arm <- factor(D$arm, levels = arms)
D$intherapy <- as.numeric(!is.na(D$therapist)); D$therapist[is.na(D$therapist)] <- 0
X <- score ~ week * arm + on_drug
J <- cbind(matrix(0, 3, 6), diag(3))
on <- function(random, ...) fit(update(X, random), D, ...)
out$slopes <- describe(on(. ~ . + (week | id)), J)
# pbkrtest ignores weights, so there is no Kenward-Roger to compare with.
out$weighted <- describe(on(. ~ . + (week | id), w = D$precision), kr = FALSE)
out$nested <- describe(on(. ~ . + (week | id) + (1 | site)), J)
out$partially_nested <- describe(on(. ~ . + (week | id) + (0 + intherapy | therapist)), J)
out$partially_nested_ml <- describe(on(. ~ . + (week | id) + (0 + intherapy | therapist), REML = FALSE), kr = FALSE)
out$slope_by_site <- describe(on(. ~ . + (1 | id) + (week | site)), J)
D$rater <- factor(1 + (D$day * 7 + D$id) %% 6)
out$crossed <- describe(on(. ~ . + (1 | id) + (1 | rater)), J)
out$about <- list(r = R.version.string, lme4 = as.character(packageVersion("lme4")),
  lmerTest = as.character(packageVersion("lmerTest")), pbkrtest = as.character(packageVersion("pbkrtest")),
  note = paste("clusters: score ~ week * arm + on_drug, arm with control first, week = day / 7;",
    "therapist empty outside therapy and combined; rater = 1 + (7 day + id) mod 6"))
writeLines(toJSON(out, digits = 14, auto_unbox = TRUE, matrix = "rowmajor"), "mixed_reference.json")
for (n in setdiff(names(out), "about")) cat(n, out[[n]]$loglik, unlist(out[[n]]$random), out[[n]]$sigma2, "\n")
