# Reference numbers for ctevidence.contrasts: what reference models predict, effects at the
# margins, several claims, and power. Made with R 4.2.2, car 3.1-1, mvtnorm 1.1-3; writes
# factorial.json. Cells in the order combined, medication, therapy, control.
suppressMessages({library(car); library(mvtnorm); library(jsonlite)})
z <- qnorm(.975)
cells <- c("p11", "p10", "p01", "p00")
x <- c(76, 66, 48, 39); n <- c(107, 109, 111, 112)   # TADS, March et al. 2004, JAMA 292:807
p <- setNames(x / n, cells); V <- diag(p * (1 - p) / n); dimnames(V) <- list(cells, cells)
delta <- function(g) { d <- deltaMethod(p, g, vcov. = V); c(d$Estimate, d$SE) }

# predictions with limits on the scale of the model, and seen minus predicted
back <- list(log = exp, log1m = function(t) 1 - exp(t), logit = plogis)
predict_on <- function(f, inverse) {
  d <- delta(sprintf(f, "p10", "p01", "p00"))
  lim <- sort(inverse(d[1] + c(-1, 1) * z * d[2]))
  c(inverse(d[1]), lim)
}
models <- list(
  multiplicativity = predict_on("log(%s) + log(%s) - log(%s)", exp),
  independence = predict_on("log(1 - %s) + log(1 - %s) - log(1 - %s)", function(t) 1 - exp(t)),
  log_odds = predict_on(
    "log(%1$s/(1-%1$s)) + log(%2$s/(1-%2$s)) - log(%3$s/(1-%3$s))", plogis))
excess <- list(
  log_excess = delta("p11 - p10 * p01 / p00"),
  log_odds_excess = delta("p11 - 1 / (1 + (1-p10)/p10 * (1-p01)/p01 * p00/(1-p00))"))

# margins: R's linear model of a balanced 2 x 2 with sum-to-zero coding gives half each
set.seed(1)
d <- expand.grid(i = 1:12, med = 0:1, ther = 0:1)
d$y <- round(20 - 3 * d$med - 2 * d$ther - 1 * d$med * d$ther + rnorm(48, 0, 4), 1)
fit <- lm(y ~ I(med - .5) * I(ther - .5), d)
margins <- list(scores = lapply(split(d$y, interaction(d$ther, d$med, sep = ""))[c("11", "01", "10", "00")], as.numeric),
  sigma2 = sigma(fit)^2, medication = unname(summary(fit)$coef[2, ]), therapy = unname(summary(fit)$coef[3, ]),
  low = unname(confint(fit)[2:3, 1]), high = unname(confint(fit)[2:3, 2]))

# power: noncentral by hand with pnorm; the min test by mvtnorm
power_int <- function(delta, se) pnorm(abs(delta) / se - z) + pnorm(-abs(delta) / se - z)
pr <- c(.70, .50, .50, .35); n0 <- 150
se_rd <- sqrt(sum(pr * (1 - pr) / n0)); d_rd <- pr[1] - pr[2] - pr[3] + pr[4]
lg <- qlogis(pr); se_or <- sqrt(sum(1 / (n0 * pr * (1 - pr)))); d_or <- lg[1] - lg[2] - lg[3] + lg[4]
m <- c(8, 12, 13, 15); sdm <- 7; nm <- 60
v <- pr[1:3] * (1 - pr[1:3]) / n0
S <- c(pr[1] - pr[2], pr[1] - pr[3]) / sqrt(v[1] + v[2:3])
R <- v[1] / sqrt(prod(v[1] + v[2:3]))
both <- pmvnorm(lower = rep(z, 2), mean = S, corr = matrix(c(1, R, R, 1), 2), algorithm = TVPACK(1e-14))
power <- list(risk = power_int(d_rd, se_rd), odds = power_int(d_or, se_or),
  mean = power_int(m[1] - m[2] - m[3] + m[4], sdm * sqrt(4 / nm)), both = as.numeric(both),
  n_risk = n0 * ((z + qnorm(.8)) * se_rd / d_rd)^2)

raw <- c(.011, .02, .004, .6); raw2 <- c(.02, .022, .019, .03)
adjust <- list(raw = raw, holm = p.adjust(raw, "holm"), hommel = p.adjust(raw, "hommel"),
               raw2 = raw2, holm2 = p.adjust(raw2, "holm"), hommel2 = p.adjust(raw2, "hommel"))
write_json(list(models = models, excess = excess, margins = margins, power = power,
                adjust = adjust), "factorial.json", auto_unbox = TRUE, digits = 15, pretty = TRUE)
