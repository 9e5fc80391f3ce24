# Exact intervals of rates and of their ratio by R's poisson.test; cumulative incidence of kinds of
# dropout by R's survival. Rscript tests/reference/event_rates.R > tests/reference/event_rates.json
suppressMessages({
  library(survival)
  library(jsonlite)
})

pairs <- list(c(41, 28010, 15, 19017), c(0, 20, 5, 30), c(3, 25.5, 7, 31.25), c(12, 9, 4, 40))
ratios <- lapply(pairs, function(p) {
  x <- c(p[1], p[3]); t <- c(p[2], p[4])
  two <- poisson.test(x, t)
  list(
    given = p, estimate = unname(two$estimate), conf = two$conf.int[1:2],
    greater = poisson.test(x, t, alternative = "greater")[c("p.value", "conf.int")],
    less = poisson.test(x, t, alternative = "less")[c("p.value", "conf.int")],
    halved = poisson.test(x, t, r = 0.5, alternative = "greater")$p.value
  )
})
limits <- lapply(c(0, 1, 10, 250), function(x) list(events = x, conf = poisson.test(x)$conf.int[1:2]))

set.seed(11)
n <- 60
people <- data.frame(
  day = sample(1:90, n, replace = TRUE),
  state = sample(c("stayed", "well", "side effects", "other", "died"), n, TRUE, c(3, 2, 2, 2, 1)),
  arm = rep(c("combined", "control"), n / 2)
)
people$kind <- factor(people$state, c("stayed", "well", "side effects", "other", "died"))
fit <- survfit(Surv(day / 7, kind) ~ arm, people)
at <- summary(fit, times = 8)
cat(toJSON(list(
  version = R.version.string, ratios = ratios, limits = limits,
  people = people[c("day", "state", "arm")],
  kinds = list(
    states = at$states, arms = as.character(at$strata), probability = at$pstate, se = at$std.err
  )
), auto_unbox = TRUE, digits = 14), "\n")
