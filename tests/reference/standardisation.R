# Standardised risks and their HC3 covariance, worked out in R from glm and sandwich, for
# tests/models. Run: Rscript standardisation.R   (writes standardisation.json)
suppressMessages({library(sandwich); library(jsonlite)})
set.seed(20)
n <- 160
arms <- c("control", "medication", "therapy", "combined")
d <- data.frame(participant_id = sprintf("P%03d", 1:n), arm = rep(arms, c(50, 30, 40, 40)),
                baseline = round(rnorm(n, 24, 6)), site = sample(c("north", "south", "east"), n, TRUE))
d$arm <- factor(d$arm, arms)
effect <- c(0, 0.6, 0.5, 1.2)[d$arm]
severity <- rnorm(n)
for (w in c(6, 12)) {
  p <- plogis(-0.6 + w / 20 + effect - 0.06 * (d$baseline - 24) + 0.4 * (d$site == "south") + severity)
  d[[paste0("week", w)]] <- rbinom(n, 1, p)
}
d$week12[sample(n, 30)] <- NA

# Everyone's influence on the standardised risk of each arm at one week; zero for the unseen.
influence <- function(y) {
  seen <- !is.na(y)
  e <- d[seen, ]; e$y <- y[seen]
  fit <- glm(y ~ arm + baseline + site, binomial, e, control = glm.control(epsilon = 1e-15, maxit = 100))
  h <- hatvalues(fit)
  of_beta <- (estfun(fit) / (1 - h)) %*% vcov(fit)     # HC3: score over 1 - leverage
  stopifnot(all.equal(crossprod(of_beta), vcovHC(fit, "HC3"), tolerance = 1e-9, check.attributes = FALSE))
  psi <- matrix(0, n, 4); risk <- numeric(4)
  for (a in 1:4) {
    X <- model.matrix(~ arm + baseline + site, transform(e, arm = factor(arms[a], arms)))
    m <- plogis(drop(X %*% coef(fit)))
    risk[a] <- mean(m)
    psi[seen, a] <- (m - risk[a]) / nrow(e) + drop(of_beta %*% colMeans(X * m * (1 - m)))
  }
  list(risk = risk, psi = psi, coef = coef(fit), n = as.vector(table(e$arm)),
       events = as.vector(tapply(e$y, e$arm, sum)))
}
six <- influence(d$week6); twelve <- influence(d$week12)
psi <- cbind(six$psi, twelve$psi)
counted <- lapply(list(d$week6, d$week12), function(y) tapply(y, d$arm, mean, na.rm = TRUE))
out <- list(data = as.list(transform(d, arm = as.character(arm))), arms = arms,
            risk = c(six$risk, twelve$risk), cov = crossprod(psi),
            n = c(six$n, twelve$n), events = c(six$events, twelve$events),
            counted = unname(unlist(counted)),
            about = list(r = R.version.string, sandwich = as.character(packageVersion("sandwich"))))
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, na = "null"), "standardisation.json")
