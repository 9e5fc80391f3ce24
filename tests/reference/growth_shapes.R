# Growth curves of several shapes by lme4, pbkrtest and splines, for tests/models.
# Run: Rscript growth_shapes.R   (in this folder; writes growth_shapes.json)
# Data: a four-arm trial simulated below; therapists in two arms, some people of the others start
# medication mid-way. Residuals of a scheduled model: nlme's gls.
suppressMessages({library(lme4); library(pbkrtest); library(splines); library(nlme); library(jsonlite)})
set.seed(31)
arms <- c("control", "medication", "therapy", "combined")
n <- 80
P <- data.frame(id = sprintf("P%02d", 1:n), arm = rep(arms, n / 4), baseline = round(rnorm(n, 25, 5)),
                site = sprintf("S%d", sample(1:5, n, TRUE)))
P$therapist <- ifelse(P$arm %in% c("therapy", "combined"), sprintf("T%d", sample(1:6, n, TRUE)), NA)
late <- which(P$arm %in% c("control", "therapy"))
P$start <- NA; P$start[sample(late, 16)] <- sample(20:100, 16, TRUE)
P$stop <- ifelse(seq_len(n) %% 3 == 0, P$start + 40, NA)
scheduled <- c(2, 4, 8, 12, 20, 30)
D <- do.call(rbind, lapply(1:n, function(i) {
  keep <- seq_along(scheduled)[runif(6) > 0.15]
  if (length(keep) < 2) keep <- c(1, 3)
  data.frame(P[i, ], visit = keep, day = 7 * scheduled[keep] + sample(-4:4, length(keep), TRUE), row.names = NULL)
}))
D$week <- D$day / 7
D$on <- as.numeric(!is.na(D$start) & D$day >= D$start & (is.na(D$stop) | D$day <= D$stop))
D$since <- ifelse(!is.na(D$start) & D$day >= D$start, (D$day - D$start) / 7, 0)
drop <- c(control = 4, medication = 8, therapy = 9, combined = 13)
u <- cbind(rnorm(n, 0, 3), rnorm(n, 0, 0.15)); v <- rnorm(6, 0, 2); w <- rnorm(5, 0, 1.5)
k <- match(D$id, P$id)
D$score <- round(D$baseline - drop[D$arm] * (1 - exp(-D$week / 6)) - 2 * D$on + u[k, 1] + u[k, 2] * D$week +
  ifelse(is.na(D$therapist), 0, v[as.integer(substr(D$therapist, 2, 2))]) +
  w[as.integer(substr(D$site, 2, 2))] + rnorm(nrow(D), 0, 2.5), 2)
D$arm <- factor(D$arm, arms)
D$base <- D$baseline - mean(P$baseline[P$id %in% D$id])
D$inther <- as.numeric(!is.na(D$therapist)); D$th <- ifelse(is.na(D$therapist), "none", D$therapist)

tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 2e-3, rhoend = 1e-11, maxfun = 1e5))
fit <- function(formula) { theta <- NULL
  for (i in 1:3) { f <- do.call(lmer, list(formula, D, control = tight, start = theta)); theta <- getME(f, "theta") }
  f }
# Levels by the model matrix of new rows, whatever the basis.
line <- function(formula, f, arm, week, h = 0) {
  row <- function(at) {
    new <- data.frame(arm = factor(arm, arms), week = at, base = 0, on = 0, since = 0)
    drop(model.matrix(formula, new)) }
  if (h == 0) row(week) else (row(week + h) - row(week - h)) / (2 * h)
}
describe <- function(fixed, random, weeks, rate_at) {
  f <- fit(as.formula(paste("score ~", fixed, "+", random)))
  rhs <- as.formula(paste("~", fixed))
  adjusted <- vcovAdj(f)
  of <- function(l) list(estimate = sum(l * fixef(f)), std_error = sqrt(sum(l * (as.matrix(adjusted) %*% l))),
                         df = Lb_ddf(l, vcov(f), adjusted))
  out <- list(means = list(), differences = list())
  for (w in weeks) {
    out$means[[as.character(w)]] <- of(line(rhs, f, "therapy", w))
    out$differences[[as.character(w)]] <- of(line(rhs, f, "combined", w) - line(rhs, f, "medication", w))
  }
  # a central difference is exact for straight pieces; for the cubic its error is h^2 / 6 f'''
  out$rate <- list(week = rate_at, value = of(line(rhs, f, "combined", rate_at, 1e-4) - line(rhs, f, "control", rate_at, 1e-4)))
  out$sigma2 <- sigma(f)^2; out$random <- lapply(VarCorr(f), function(v) unname(as.matrix(v)[, , drop = FALSE]))
  names <- names(fixef(f))
  for (term in c("on", "since")) if (term %in% names) out[[term]] <- of(as.numeric(names == term))
  list(out = out, fit = f, rhs = rhs)
}
first <- min(D$week); last <- max(D$week)
spline <- sprintf("0 + arm + arm:ns(week, knots = c(4, 12), Boundary.knots = c(%.15g, %.15g)) + base", first, last)
by_df <- ns(D$week, df = 3); inner <- unname(attr(by_df, "knots"))
spline_df <- sprintf("0 + arm + arm:ns(week, knots = c(%.15g, %.15g), Boundary.knots = c(%.15g, %.15g)) + base",
                     inner[1], inner[2], first, last)
pieces <- "0 + arm + arm:week + arm:pmax(week - 4, 0) + arm:pmax(week - 12, 0) + base"
weeks <- c(2, 6, 12, 25)
all <- list(
  piecewise = describe(pieces, "(week | id)", weeks, 8),
  spline = describe(spline, "(week | id)", weeks, 8),
  spline_df = describe(spline_df, "(1 | id)", weeks, 8),
  therapist = describe(pieces, "(week | id) + (0 + inther | th)", weeks, 8),
  site = describe(pieces, "(1 | id) + (1 | site)", weeks, 8),
  medicated = describe(paste(pieces, "+ on"), "(week | id)", weeks, 8),
  since = describe(paste(pieces, "+ since"), "(week | id)", weeks, 8))
out <- lapply(all, `[[`, "out"); out$spline_df$knots <- inner

# Individual curves: lme4's own predictions at new weeks, and dense Henderson equations for errors.
f <- all$therapist$fit; X <- getME(f, "X"); Z <- as.matrix(getME(f, "Z")); s2 <- sigma(f)^2
L <- as.matrix(getME(f, "Lambda")); G <- s2 * L %*% t(L)
A <- cbind(X, Z); keep <- diag(G) > 0
M <- t(A) %*% A / s2; q <- ncol(X); M[-(1:q), -(1:q)] <- M[-(1:q), -(1:q)] + solve(G)
C <- solve(M)
who <- c("P03", "P04", "P06", "P44"); at <- c(3, 10, 28)
out$curves <- lapply(setNames(who, who), function(p) {
  new <- D[match(p, D$id), ][rep(1, 3), ]; new$week <- at
  Xn <- model.matrix(all$therapist$rhs, new)
  full <- matrix(0, 3, ncol(Z)); cn <- colnames(getME(f, "Z"))
  first_id <- which(cn == p)
  full[, first_id[1]] <- 1; full[, first_id[2]] <- at
  full[, which(cn == new$th[1])] <- new$inther[1]
  row <- cbind(Xn, full)
  marginal <- sqrt(s2 + rowSums((full %*% G) * full) + rowSums((Xn %*% C[1:q, 1:q]) * Xn))
  list(estimate = unname(predict(f, new)), std_error = sqrt(rowSums((row %*% C) * row)),
       expected = unname(drop(Xn %*% fixef(f))), score_error = unname(marginal))
})

# Influence: generalised least squares with V of the fit, written out, without one person.
V <- s2 * diag(nrow(D)) + Z %*% G %*% t(Z)
l <- line(all$therapist$rhs, f, "combined", 12) - line(all$therapist$rhs, f, "medication", 12)
gls_of <- function(rows) { W <- solve(V[rows, rows]); Cx <- solve(t(X[rows, ]) %*% W %*% X[rows, ])
  b <- Cx %*% t(X[rows, ]) %*% W %*% D$score[rows]
  list(estimate = sum(l * b), variance = sum(l * (Cx %*% l)), b = drop(b), information = solve(Cx)) }
whole <- gls_of(seq_len(nrow(D)))
ids <- unique(D$id)
one_out <- lapply(ids, function(p) gls_of(which(D$id != p)))
cook <- sapply(one_out, function(o) { d <- o$b - whole$b; sum(d * (whole$information %*% d)) / length(d) })
out$influence <- list(ids = ids, estimate = whole$estimate, variance = whole$variance,
  without = sapply(one_out, `[[`, "estimate"), variance_without = sapply(one_out, `[[`, "variance"), cook = cook)
toward <- sign(whole$estimate) * (whole$estimate - out$influence$without)
order_ <- ids[order(-toward)]
out$influence$to_change_sign <- NA
for (k in 1:(length(ids) / 2)) { g <- gls_of(which(!D$id %in% order_[1:k]))
  if (sign(g$estimate) != sign(whole$estimate)) { out$influence$to_change_sign <- k; break } }

# Scaled residuals: of the growth model by chol() of each person's V, of a scheduled model by gls.
r <- D$score - drop(X %*% fixef(f))
out$scaled <- unlist(lapply(ids, function(p) { i <- which(D$id == p); forwardsolve(t(chol(V[i, i])), r[i]) }))
D$visit_f <- factor(D$visit)
g <- gls(score ~ 0 + arm:visit_f + base:visit_f, D, correlation = corSymm(form = ~ visit | id),
         weights = varIdent(form = ~ 1 | visit_f), method = "REML",
         control = glsControl(maxIter = 500, msMaxIter = 500, tolerance = 1e-10, msTol = 1e-12))
z <- residuals(g, type = "normalized")
out$gls <- list(loglik = as.numeric(logLik(g)), distance = unname(tapply(z^2, factor(D$id, ids), sum)))

out$data <- as.list(D[, c("id", "arm", "baseline", "site", "therapist", "visit", "day", "score")])
out$data$arm <- as.character(out$data$arm)
out$people <- as.list(P[, c("id", "start", "stop")])
out$about <- list(r = R.version.string, lme4 = as.character(packageVersion("lme4")),
                  pbkrtest = as.character(packageVersion("pbkrtest")), nlme = as.character(packageVersion("nlme")))
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, na = "null"), "growth_shapes.json")
