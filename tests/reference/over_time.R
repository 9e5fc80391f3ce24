# Stabilised weights over time, marginal structural models and clones by hand, with glm and lm alone.
# over_time.csv: simulate_changing_treatment(n = 400, seed = 11), lost = 0.1, one row a person and interval.
# Rscript tests/reference/over_time.R > tests/reference/over_time.json   (in the project's folder)
d <- read.csv("tests/reference/over_time.csv")
d <- d[order(d$person, d$interval), ]
lag1 <- function(x) ave(x, d$person, FUN = function(v) c(0, v[-length(v)]))
d$med0 <- lag1(d$medication); d$the0 <- lag1(d$therapy)
d$first <- d$interval == 0
d$period <- factor(d$interval)
d$both <- d$medication * d$therapy
quiet <- function(x) suppressWarnings(x)
control <- glm.control(epsilon = 1e-14, maxit = 100)

chance <- function(formula, rows, y) {
  if (length(unique(y[rows])) < 2) return(rep(1, sum(rows)))
  f <- quiet(glm(formula, binomial, d[rows, ], control = control))
  p <- fitted(f); ifelse(y[rows] == 1, p, 1 - p)
}
ratio <- rep(1, nrow(d))
times <- function(rows, y, num, den) {
  d$y <<- y
  ratio[rows] <<- ratio[rows] * chance(num, rows, y) / chance(den, rows, y)
}
risk <- d$at_risk == 1
for (w in c("first", "start", "stop")) {
  for (a in c("medication", "therapy")) {
    before <- if (a == "medication") d$med0 else d$the0
    rows <- risk & switch(w, first = d$first, start = !d$first & before == 0, stop = !d$first & before == 1)
    other <- if (a == "medication") "the0" else "medication"
    given <- paste(if (w == "first") "1" else "period", if (w == "first" && a == "medication") "" else paste("+", other))
    # at the start the score is the baseline score, which cannot stand twice
    more <- if (w == "first") "+ baseline" else "+ baseline + score"
    times(rows, d[[a]], as.formula(paste("y ~", given)), as.formula(paste("y ~", given, more)))
  }
}
times(risk, d$followed, y ~ period + medication + therapy + both,
      y ~ period + medication + therapy + both + baseline + score)
d$sw <- ave(ratio, d$person, FUN = cumprod)
last <- d[d$interval == 5, ]
mean_of <- function(x) tapply(x, d$person, mean)[as.character(last$person)]
last$cm <- mean_of(d$medication); last$ct <- mean_of(d$therapy); last$cb <- mean_of(d$both)
used <- last[!is.na(last$last_score), ]
msm <- lm(last_score ~ cm + ct + cb, used, weights = sw)
b <- coef(msm)
kept <- c(b[1], b[1] + b[2], b[1] + b[3], sum(b))

# clones of those who started medication alone; therapy by week 8 (decision number 2)
start <- d$person[d$first & d$medication == 1 & d$therapy == 0]
e <- d[d$person %in% start, ]
e$added <- ave(ifelse(e$therapy == 1, e$interval, 6), e$person, FUN = min)
e$period <- factor(e$interval)
can <- e$at_risk == 1 & e$interval > 0 & e$added >= e$interval
f <- quiet(glm(therapy ~ period + medication + baseline + score, binomial, e[can, ], control = control))
e$p <- NA; e$p[can] <- fitted(f)
g <- quiet(glm(followed ~ period + medication + therapy + both + baseline + score, binomial,
               e[e$at_risk == 1, ], control = control))
e$stay <- 1; e$stay[e$at_risk == 1] <- fitted(g)
alone <- ifelse(can, 1 / (1 - e$p), 1) / e$stay
add <- ifelse(can & e$interval == 2 & e$added == 2, 1 / e$p, 1) / e$stay
e$wa <- ave(alone, e$person, FUN = cumprod); e$wb <- ave(add, e$person, FUN = cumprod)
end <- e[e$interval == 5 & !is.na(e$last_score), ]
clones <- c(weighted.mean(end$last_score[end$added > 5], end$wa[end$added > 5]),
            weighted.mean(end$last_score[end$added <= 2], end$wb[end$added <= 2]))
show <- function(x) paste0("[", paste(format(x, digits = 15), collapse = ", "), "]")
cat(sprintf('{"origin": "R %s, stats::glm and stats::lm", "weights": %s,\n "kept": %s, "clones": %s,\n "clone_weights": %s}\n',
            getRversion(), show(used$sw), show(unname(kept)), show(clones),
            show(c(end$wa[end$added > 5], end$wb[end$added <= 2]))))
