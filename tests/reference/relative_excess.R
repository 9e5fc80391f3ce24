# Reference numbers for ctevidence.contrasts.relative_excess: RERI, attributable proportion (AP) and
# synergy index (S) of four cells (combined, medication, therapy, control), by the delta method
# (car::deltaMethod on a saturated logistic or log-binomial model) and by MOVER written out from
# Zou 2008, Am J Epidemiol 168:212. Made with R 4.2.2, car 3.1-1; writes relative_excess.json.
suppressMessages({library(car); library(jsonlite)})

# cases and others. oral_cancer: Rothman and Keller 1972 (smoking and alcohol), as in Hosmer and
# Lemeshow 1992; tads, cams: responders and others; relapse: made up, both treatments protect.
tables <- list(
  oral_cancer = list(cases = c(225, 6, 8, 3), others = c(166, 12, 18, 20)),
  tads = list(cases = c(76, 66, 48, 39), others = c(31, 43, 63, 73)),
  cams = list(cases = c(113, 73, 83, 18), others = c(27, 60, 56, 58)),
  relapse = list(cases = c(12, 25, 30, 48), others = c(68, 55, 52, 30)))
z <- qnorm(.975)

mover <- function(w, x, l, u, r) {
  low <- w * ifelse(w > 0, x - l, u - x)
  high <- w * ifelse(w > 0, u - x, x - l)
  c(sum(w * x) - sqrt(drop(low %*% r %*% low)), sum(w * x) + sqrt(drop(high %*% r %*% high)))
}

one <- function(t, link) {
  n <- t$cases + t$others
  cell <- factor(c("c11", "c10", "c01", "c00"), levels = c("c00", "c11", "c10", "c01"))
  fit <- glm(cbind(t$cases, t$others) ~ cell, binomial(link), mustart = t$cases / n,
             control = glm.control(epsilon = 1e-14, maxit = 200))
  names(fit$coefficients) <- c("a", "b11", "b10", "b01")
  V <- vcov(fit); dimnames(V) <- list(names(coef(fit)), names(coef(fit)))
  by_delta <- function(g) {
    d <- deltaMethod(coef(fit), g, vcov. = V)
    list(estimate = d$Estimate, std_error = d$SE,
         conf_low = d$Estimate - z * d$SE, conf_high = d$Estimate + z * d$SE)
  }
  ratios <- function(from) {  # of the other cells to one cell, with limits and correlation
    cells <- c("b11", "b10", "b01", "b00")
    K <- rbind(c(0, 1, 0, 0), c(0, 0, 1, 0), c(0, 0, 0, 1), c(0, 0, 0, 0))
    K <- (K - K[rep(match(from, cells), 4), ])[cells != from, ]
    b <- drop(K %*% coef(fit)); C <- K %*% V %*% t(K); se <- sqrt(diag(C))
    list(x = exp(b), l = exp(b - z * se), u = exp(b + z * se), r = cov2cor(C))
  }
  c00 <- ratios("b00"); c11 <- ratios("b11")
  reri <- 1 + mover(c(1, -1, -1), c00$x, c00$l, c00$u, c00$r)
  ap <- 1 + mover(c(-1, -1, 1), c11$x, c11$l, c11$u, c11$r)
  # S by MOVER: values s for which the interval of (r11 - 1) - s (r10 + r01 - 2) just holds 0
  side <- if (sum(c00$x[2:3]) > 2) 1 else -1
  f <- function(s, k) mover(side * c(1, -s, -s), c00$x, c00$l, c00$u, c00$r)[k] + side * (2*s - 1)
  S <- (c00$x[1] - 1) / (sum(c00$x[2:3]) - 2)
  root <- function(k, range) tryCatch(uniroot(f, range, k = k, tol = 1e-14)$root,
                                      error = function(e) NA)
  list(
    reri = by_delta("exp(b11) - exp(b10) - exp(b01) + 1"),
    attributable_proportion = by_delta("(exp(b11) - exp(b10) - exp(b01) + 1) / exp(b11)"),
    log_synergy_index = by_delta("log((exp(b11) - 1) / (exp(b10) + exp(b01) - 2))"),
    mover = list(reri = reri, attributable_proportion = ap,
                 synergy_index = c(root(1, c(1e-6, S)), root(2, c(S, 1e5)))))
}

out <- lapply(tables, function(t) c(t, list(
  odds = one(t, "logit"), risk = one(t, "log"))))
write_json(out, "relative_excess.json", auto_unbox = TRUE, digits = 15, pretty = TRUE, na = "null")
