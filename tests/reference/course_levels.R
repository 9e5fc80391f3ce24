# What a course is asked beyond means by visit: constrained baseline (cLDA), marginal means with equal
# weights, standardised differences, means over a period, Holm's p-values; for tests/models.
# Run: Rscript course_levels.R   (writes course_levels.json; minutes, because of gls).
# Data: Beat the Blues as received, all 100 people (3 have a baseline score only), and the simulated
# trial mmrm_simulated_four_arm_trial.csv, of which every person whose number is divisible by 40 is
# left with the baseline score only.
suppressMessages({library(nlme); library(emmeans); library(jsonlite)})
arms <- c("control", "medication", "therapy", "combined")
tight <- glsControl(tolerance = 1e-10, msTol = 1e-12, maxIter = 500, msMaxIter = 500)
fitted_by <- function(model, d) do.call(gls, list(model, quote(d), method = "REML",
  correlation = corSymm(form = ~ visit | id), weights = varIdent(form = ~ 1 | week), control = tight))

B <- read.csv("../../data/raw/beat-the-blues/BtheB.csv")
columns <- c("9" = "bdi.2m", "13" = "bdi.4m", "22" = "bdi.6m", "35" = "bdi.8m")
B$arm <- factor(ifelse(B$drug == "Yes", ifelse(B$treatment == "BtheB", "combined", "medication"),
                       ifelse(B$treatment == "BtheB", "therapy", "control")), arms)
people <- data.frame(id = B$rownames, arm = B$arm, long = B$length == ">6m", baseline = B$bdi.pre)
later <- do.call(rbind, lapply(names(columns), function(w)
  cbind(people, week = as.numeric(w), score = B[[columns[[w]]]])))
later <- later[!is.na(later$score), ]
S <- read.csv("mmrm_simulated_four_arm_trial.csv")
S$id <- S$participant_id
S <- S[, c("id", "arm", "baseline", "week", "score")]
everyone <- S[!duplicated(S$id), ]
S <- S[as.integer(sub("P", "", S$id)) %% 40 != 0, ]

# -- constrained baseline: one more response at week 0 with a mean common to all arms --------------
with_start <- function(rows, people) {
  start <- people; start$week <- 0; start$score <- start$baseline
  d <- rbind(start[, names(rows)], rows)
  d$arm <- factor(d$arm, arms)
  d[order(d$id, d$week), ]
}
constrained <- function(d, long = FALSE) {
  d$visit <- as.integer(factor(d$week)); d$start <- as.numeric(d$week == 0)
  weeks <- sort(setdiff(unique(d$week), 0))
  cells <- expand.grid(arm = arms, week = weeks, stringsAsFactors = FALSE)
  for (i in seq_len(nrow(cells)))
    d[[paste0("cell", i)]] <- as.numeric(d$arm == cells$arm[i] & d$week == cells$week[i])
  terms <- c("0", "start", paste0("cell", seq_len(nrow(cells))))
  if (long) {
    share <- mean(d$long[d$week == 0])
    d$long_start <- (d$long - share) * d$start; d$long_later <- (d$long - share) * (1 - d$start)
    terms <- c(terms, "long_start", "long_later")
  }
  d$week <- factor(d$week); d <- d[order(d$id, d$visit), ]
  fit <- fitted_by(reformulate(terms, "score"), d)
  keep <- c("start", paste0("cell", seq_len(nrow(cells))))
  sigma <- fit$sigma * c(1, coef(fit$modelStruct$varStruct, unconstrained = FALSE))
  list(arm = cells$arm, week = cells$week, estimate = unname(coef(fit)[keep]),
       cov = unname(vcov(fit)[keep, keep]), loglik = as.numeric(logLik(fit)),
       residual_sd = unname(sigma[c("0", "9")][!is.na(sigma[c("0", "9")])]), n = fit$dims$N)
}
out <- list(constrained = list(
  beat_the_blues = constrained(with_start(later, people)),
  beat_the_blues_length = constrained(with_start(later, people), TRUE),
  simulated = constrained(with_start(S, everyone))))

# -- baseline as covariate: marginal means by emmeans ------------------------------------------------
d <- later; d$week <- factor(d$week); d$visit <- as.integer(d$week); d <- d[order(d$id, d$visit), ]
d$long <- factor(d$long)
seen <- people[people$id %in% d$id, ]
model <- score ~ arm * week + baseline * week + long
fit <- fitted_by(model, d)
grid <- ref_grid(fit, at = list(baseline = mean(seen$baseline)), data = d, mode = "asymptotic")
shares <- as.numeric(table(seen$long)) / nrow(seen)
means <- function(weights) {
  m <- as.data.frame(emmeans(grid, ~ arm + week, weights = weights))
  list(arm = as.character(m$arm), week = as.numeric(as.character(m$week)), estimate = m$emmean,
       std_error = m$SE)
}
out$weights <- list(equal = means("equal"), observed = means(shares))

# -- standardised differences: emmeans' eff_size with the error of the standard deviation -----------
J <- function(df) exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)
cells <- emmeans(grid, ~ arm | week, weights = shares)
sd0 <- sd(people$baseline); df0 <- nrow(people) - 1
effect <- as.data.frame(eff_size(cells, sigma = sd0, edf = df0, method = "revpairwise"))
out$standardised <- list(sd = sd0, df = df0, J = J(df0), pair = as.character(effect$contrast),
  week = as.numeric(as.character(effect$week)), estimate = J(df0) * effect$effect.size,
  std_error = J(df0) * effect$SE)

# -- mean over weeks 9 to 35 and 0 to 35, and area under the curve ----------------------------------
mixed <- function(w) {
  L <- setNames(lapply(arms[-1], function(a) { g <- expand.grid(arm = arms, week = names(columns));
    ifelse(g$arm == a, 1, ifelse(g$arm == "control", -1, 0)) * w[as.character(g$week)] }), arms[-1])
  r <- as.data.frame(contrast(emmeans(grid, ~ arm + week, weights = shares), L))
  list(arm = as.character(r$contrast), estimate = r$estimate, std_error = r$SE)
}
trapezoid <- function(t) { gap <- diff(t); (c(gap, 0) + c(0, gap)) / 2 / (max(t) - min(t)) }
w <- as.numeric(names(columns))
out$period <- list(from_9 = mixed(setNames(trapezoid(w), names(columns))),
                   from_0 = mixed(setNames(trapezoid(c(0, w))[-1], names(columns))))

# -- complete data, one summary for each person: analysis of covariance, exact t ---------------------
wide <- reshape(later[, c("id", "arm", "baseline", "week", "score")], direction = "wide",
                idvar = c("id", "arm", "baseline"), timevar = "week")
wide <- wide[complete.cases(wide), ]
scores <- as.matrix(wide[, paste0("score.", w)])
wide$arm <- relevel(factor(wide$arm, arms), "control")
ancova <- function(y) { s <- summary(lm(y ~ arm + baseline, wide))
  list(estimate = unname(coef(s)["armcombined", 1]), std_error = unname(coef(s)["armcombined", 2]),
       df = s$df[2], p_value = unname(coef(s)["armcombined", 4])) }
out$complete <- list(people = nrow(wide), ids = as.character(wide$id), period = ancova(scores %*% trapezoid(w)),
  from_0 = ancova(cbind(wide$baseline, scores) %*% trapezoid(c(0, w))),
  weeks = lapply(w, function(k) c(list(week = k), ancova(wide[[paste0("score.", k)]]))))

p <- c(0.012, 0.034, 0.2, 0.011, 0.6)
out$holm <- list(p = p, adjusted = p.adjust(p, "holm"))
out$about <- list(r = R.version.string, nlme = as.character(packageVersion("nlme")),
                  emmeans = as.character(packageVersion("emmeans")))
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE), "course_levels.json")
