# Intervals of two proportions for tests/models/test_two_by_two.py and tests/contrasts, without any
# closed form of ours: the restricted maximum likelihood is found as the root of its score function
# in one proportion, the limits as the roots of the score statistic (Miettinen and Nurminen 1985,
# Stat Med 4:213, eq. 1 to 3). Newcombe's method 10 from prop.test's Wilson limits.
# Counts are those of Newcombe 1998, Stat Med 17:873, table II, examples (a) to (h), and four more.
# Run: Rscript score_intervals.R   (writes score_intervals.json)
suppressMessages(library(jsonlite))
z <- qnorm(0.975)
tight <- function(f, low, high) uniroot(f, c(low, high), tol = 1e-15, maxiter = 10000)$root
# 0 / 0 counts as 0: an outcome that nobody has adds nothing to the likelihood
part <- function(count, chance) if (count == 0) 0 else count / chance

# root in [low, high] of a falling function; an end where it does not change sign
falling <- function(f, low, high) {
  if (f(low + 1e-14) <= 0) return(low)
  if (f(high - 1e-14) >= 0) return(high)
  tight(f, low + 1e-14, high - 1e-14)
}
difference <- function(delta, e1, n1, e0, n0) {
  slope <- function(p) part(e1, p) - part(n1 - e1, 1 - p) +
    part(e0, p - delta) - part(n0 - e0, 1 - p + delta)
  r1 <- falling(slope, max(0, delta), min(1, 1 + delta))
  r0 <- r1 - delta
  v <- (r1 * (1 - r1) / n1 + r0 * (1 - r0) / n0) * (n1 + n0) / (n1 + n0 - 1)
  (e1 / n1 - e0 / n0 - delta) / sqrt(v)
}
ratio <- function(log_ratio, e1, n1, e0, n0) {
  q <- exp(log_ratio)
  slope <- function(p) part(e1 + e0, p) - q * part(n1 - e1, 1 - q * p) - part(n0 - e0, 1 - p)
  r0 <- falling(slope, 0, min(1, 1 / q))
  r1 <- q * r0
  v <- (r1 * (1 - r1) / n1 + q^2 * r0 * (1 - r0) / n0) * (n1 + n0) / (n1 + n0 - 1)
  (e1 / n1 - q * e0 / n0) / sqrt(v)
}
limits <- function(score, ends, e1, n1, e0, n0) {
  f <- function(x) score(x, e1, n1, e0, n0)
  edge <- 1e-9
  low <- if (f(ends[1] + edge) <= z) ends[1] else tight(function(x) f(x) - z, ends[1] + edge, ends[2] - edge)
  high <- if (f(ends[2] - edge) >= -z) ends[2] else tight(function(x) f(x) + z, ends[1] + edge, ends[2] - edge)
  c(low, high)
}
wilson <- function(e, n) suppressWarnings(prop.test(e, n, correct = FALSE)$conf.int[1:2])
newcombe <- function(e1, n1, e0, n0) {
  p1 <- e1 / n1; p0 <- e0 / n0; w1 <- wilson(e1, n1); w0 <- wilson(e0, n0)
  d <- p1 - p0
  c(d - sqrt((p1 - w1[1])^2 + (w0[2] - p0)^2), d + sqrt((w1[2] - p1)^2 + (p0 - w0[1])^2))
}
counts <- list(c(56, 70, 48, 80), c(9, 10, 3, 10), c(6, 7, 2, 7), c(5, 56, 0, 29), c(0, 10, 0, 20),
               c(0, 10, 0, 10), c(10, 10, 0, 20), c(10, 10, 0, 10),
               c(12, 40, 5, 33), c(1, 25, 4, 25), c(150, 151, 140, 149), c(7, 12, 7, 19))
out <- lapply(counts, function(k) {
  a <- as.list(k)
  both <- k[1] > 0 && k[3] > 0   # a ratio with nobody in an arm is open on one side
  list(counts = k,
       miettinen_nurminen = do.call(limits, c(list(difference, c(-1, 1)), a)),
       newcombe = do.call(newcombe, a),
       log_ratio = if (both) do.call(limits, c(list(ratio, c(-8, 8)), a)) else NULL)
})
write_json(list(r = R.version.string, tables = out), "score_intervals.json", digits = 15, auto_unbox = TRUE, null = "null")
