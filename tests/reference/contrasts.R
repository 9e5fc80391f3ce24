# Reference numbers for ctevidence.contrasts: proportions, their differences, ratios and
# interactions. Made with R 4.2.2, car 3.1-1; writes contrasts.json beside this file.
# Ratios and interactions come from saturated generalised linear models: exact maximum likelihood,
# Wald errors by the expected information, so they equal the closed forms of Katz and Woolf.
suppressMessages({library(car); library(jsonlite)})
arms <- c("combined", "medication", "therapy", "control")

# Events and people. TADS: March et al. 2004 JAMA 292:807, CGI response at week 12. CAMS: Walkup et
# al. 2008 N Engl J Med 359:2753, CGI response at week 12. small: made up, for skewed intervals.
trials <- list(
  tads = list(events = c(76, 66, 48, 39), n = c(107, 109, 111, 112)),
  cams = list(events = c(113, 73, 83, 18), n = c(140, 133, 139, 76)),
  small = list(events = c(9, 4, 6, 1), n = c(20, 21, 25, 15)))

wilson <- function(x, n, level = .95) {
  suppressWarnings(prop.test(x, n, conf.level = level, correct = FALSE)$conf.int[1:2])
}

# Newcombe 1998, Stat Med 17:873, method 10, and 2001, Stat Med 20:2885, for any signs
score_interval <- function(signs, x, n, level = .95) {
  p <- x / n
  w <- mapply(wilson, x, n, MoreArgs = list(level = level))
  below <- p - w[1, ]; above <- w[2, ] - p
  total <- sum(signs * p)
  c(total - sqrt(sum(ifelse(signs > 0, below, above)^2)),
    total + sqrt(sum(ifelse(signs > 0, above, below)^2)))
}

# the level at which that interval touches zero
score_p <- function(signs, x, n) {
  total <- sum(signs * x / n)
  side <- if (total > 0) 1 else 2
  gap <- function(level) score_interval(signs, x, n, level)[side]
  1 - uniroot(gap, c(1e-6, 1 - 1e-9), tol = 1e-13)$root
}

saturated <- function(t, link) {
  d <- data.frame(y = t$events / t$n, n = t$n, med = c(1, 1, 0, 0), ther = c(1, 0, 1, 0))
  glm(y ~ med * ther, binomial(link), d, weights = n, mustart = d$y,
      control = glm.control(epsilon = 1e-12, maxit = 100))
}

# interaction on one scale: estimate, error and Wald interval on that scale
interaction <- function(t, link) {
  s <- summary(saturated(t, link))$coefficients["med:ther", ]
  list(estimate = s[[1]], std_error = s[[2]], p_value = s[[4]],
       conf_low = s[[1]] - qnorm(.975) * s[[2]], conf_high = s[[1]] + qnorm(.975) * s[[2]])
}

# combined against medication on the log and logit scales
contrast <- function(t, link) {
  m <- saturated(t, link)
  L <- c(0, 0, 1, 1)                                     # therapy + interaction
  est <- sum(L * coef(m)); se <- sqrt(c(L %*% vcov(m) %*% L))
  list(estimate = exp(est), std_error = se, p_value = 2 * pnorm(-abs(est / se)),
       conf_low = exp(est - qnorm(.975) * se), conf_high = exp(est + qnorm(.975) * se))
}

delta <- function(t, formula) {
  p <- setNames(t$events / t$n, c("p11", "p10", "p01", "p00"))
  d <- deltaMethod(p, formula, vcov. = diag(p * (1 - p) / t$n))
  list(estimate = d$Estimate, std_error = d$SE, conf_low = d$`2.5 %`, conf_high = d$`97.5 %`)
}

of_trial <- function(t) {
  pair <- function(i, j) list(
    difference = score_interval(c(1, -1), t$events[c(i, j)], t$n[c(i, j)]),
    p_value = score_p(c(1, -1), t$events[c(i, j)], t$n[c(i, j)]))
  recoded <- list(events = t$n - t$events, n = t$n)
  list(events = t$events, n = t$n,
    wilson = t(mapply(wilson, t$events, t$n)),
    combined_medication = pair(1, 2), combined_therapy = pair(1, 3),
    risk_ratio = contrast(t, "log"), odds_ratio = contrast(t, "logit"),
    score_interaction = list(conf = score_interval(c(1, -1, -1, 1), t$events, t$n),
                             p_value = score_p(c(1, -1, -1, 1), t$events, t$n)),
    interaction_difference = interaction(t, "identity"),
    interaction_ratio = interaction(t, "log"),
    interaction_odds_ratio = interaction(t, "logit"),
    reri = delta(t, "p11/p00 - p10/p00 - p01/p00 + 1"),
    bliss_excess = delta(t, "p11 - (1 - (1 - p10) * (1 - p01) / (1 - p00))"),
    reri_recoded = delta(recoded, "p11/p00 - p10/p00 - p01/p00 + 1"))
}

# means with a common variance: contrasts of a linear model, whose degrees of freedom are finite
set.seed(20)
scores <- data.frame(arm = rep(arms, c(9, 7, 8, 6)))
scores$y <- round(rnorm(30, c(combined = 11, medication = 15, therapy = 16, control = 19)[scores$arm], 4))
m <- lm(y ~ 0 + factor(arm, arms), scores)
linear <- function(L, mu = 0) {
  est <- sum(L * coef(m)); se <- sqrt(c(L %*% vcov(m) %*% L)); df <- df.residual(m)
  list(estimate = est, std_error = se, df = df,
       conf_low = est - qt(.975, df) * se, conf_high = est + qt(.975, df) * se,
       p_value = 2 * pt(-abs(est - mu) / se, df), p_less = pt((est - mu) / se, df))
}
means <- list(scores = split(scores$y, factor(scores$arm, arms)), variance = sigma(m)^2,
  combined_medication = linear(c(1, -1, 0, 0)), combined_therapy = linear(c(1, 0, -1, 0)),
  combined_medication_margin = linear(c(1, -1, 0, 0), mu = -1),
  combined_therapy_margin = linear(c(1, 0, -1, 0), mu = -1),
  interaction = linear(c(1, -1, -1, 1)), control = linear(c(0, 0, 0, 1)))

out <- list(about = paste("R", getRversion(), "car", packageVersion("car")),
            trials = lapply(trials, of_trial), means = means)
write_json(out, "contrasts.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
