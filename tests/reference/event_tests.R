# Curves, weighted log-rank tests, competing events and frailty of R, for tests/models. Packages:
# survival, cmprsk, mvtnorm. Run: Rscript event_tests.R   (writes event_tests.json)
suppressMessages({library(survival); library(cmprsk); library(jsonlite)})
tight <- coxph.control(eps = 1e-13, toler.chol = 1e-15, iter.max = 60)
pieces <- function(fit) list(coef = unname(coef(fit)), cov = unname(vcov(fit)))

# --- curves: three intervals, quantiles, delayed entry and case weights ---
curve <- function(formula, data, times, w = rep(1, nrow(data))) {
  data$w <- w; environment(formula) <- environment()
  found <- list(times = times)
  for (type in c("log", "log-log", "plain")) {
    fit <- survfit(formula, data, conf.type = type, robust = FALSE, weights = w)
    at <- summary(fit, times = times, extend = TRUE)
    q <- quantile(fit, c(.25, .5, .75))
    found$survival <- at$surv; found$std_error <- at$std.err; found$at_risk <- at$n.risk
    found$quantile <- unname(q$quantile)
    found[[type]] <- list(low = at$lower, high = at$upper,
                          quantile_low = unname(q$lower), quantile_high = unname(q$upper))
  }
  table <- summary(survfit(formula, data, robust = FALSE, weights = w), rmean = max(times))$table
  found$rmean <- unname(table[c("rmean", "se(rmean)")])
  found
}
d <- subset(lung, !is.na(ph.ecog) & !is.na(inst))
d$event <- d$status - 1
set.seed(4)  # weights and times of entry are made up
d$weight <- round(runif(nrow(d), .5, 2), 3)
d$entry <- floor(runif(nrow(d)) * pmin(d$time, 60) * .7)
d$group <- c("old", "young", "middle")[1 + d$age %% 3]
curves <- list(
  plain = curve(Surv(time, event) ~ 1, d, c(50, 200, 365, 600)),
  delayed = curve(Surv(entry, time, event) ~ 1, d, c(50, 200, 365, 600)),
  weighted = curve(Surv(time, event) ~ 1, d, c(50, 200, 365, 600), w = d$weight),
  few = curve(Surv(time, status) ~ 1, subset(aml, x == "Maintained"), c(10, 20, 40)))

# --- robust over clusters: curve and area below it ---
robust <- function(rows, times, tau) {
  fit <- survfit(Surv(time, event) ~ 1, rows, id = seq_along(time), cluster = inst, influence = TRUE)
  who <- factor(rows$inst)
  inf <- fit$influence.surv
  if (nrow(inf) != nlevels(who)) inf <- rowsum(inf, who)
  at <- findInterval(times, fit$time)
  edges <- c(0, fit$time[fit$time < tau], tau)
  width <- diff(edges)
  area <- cbind(0, inf[, fit$time < tau, drop = FALSE]) %*% width
  list(times = times, tau = tau, cov = unname(t(inf[, at]) %*% inf[, at]), rmst_var = sum(area^2))
}
clusters <- list(all = robust(d, c(100, 365), 365))

# --- restricted means compared: survRM2's example, pbc at 10 years, by survfit and the delta method ---
p2 <- subset(pbc, id <= 312)
p2$years <- p2$time / 365.25
p2$event <- as.numeric(p2$status == 2)
means <- summary(survfit(Surv(years, event) ~ trt, p2), rmean = 10)$table[, c("rmean", "se(rmean)")]
compared <- list(
  data = as.list(p2[c("years", "event", "trt")]),
  difference = unname(c(means[1, 1] - means[2, 1], sqrt(sum(means[, 2]^2)))),
  log_ratio = unname(c(log(means[1, 1] / means[2, 1]), sqrt(sum((means[, 2] / means[, 1])^2)))))

# --- weighted log-rank ---
tests <- list()
g <- function(formula, rho) {
  t <- survdiff(formula, d, rho = rho)
  list(chi2 = t$chisq, df = length(t$n) - 1)
}
for (rho in c(0, .5, 1)) {
  key <- paste0("rho", rho)
  tests[[key]] <- list(sex = g(Surv(time, event) ~ sex, rho), group = g(Surv(time, event) ~ group, rho),
                       strata = g(Surv(time, event) ~ sex + strata(ph.ecog), rho),
                       group_strata = g(Surv(time, event) ~ group + strata(ph.ecog), rho))
}
# G(rho, gamma) and its joint covariance written out from the definition, one risk set at a time
score <- function(rows, weights, entry = 0) {
  U <- 0 * weights[, 1]; V <- matrix(0, nrow(weights), nrow(weights))
  S <- 1
  for (t in sort(unique(rows$time[rows$event == 1]))) {
    risk <- rows$time >= t & rows$from < t
    died <- rows$time == t & rows$event == 1
    n <- sum(risk); k <- sum(died); n1 <- sum(risk & rows$sex == 2); k1 <- sum(died & rows$sex == 2)
    w <- S^weights[, 1] * (1 - S)^weights[, 2]
    U <- U + w * (k1 - k * n1 / n)
    if (n > 1) V <- V + outer(w, w) * k * n1 / n * (1 - n1 / n) * (n - k) / (n - 1)
    S <- S * (1 - k / n)
  }
  list(U = U, V = V)
}
w <- rbind(c(0, 0), c(1, 0), c(0, 1), c(1, 1))
combo <- function(rows) {
  s <- score(rows, w)
  z <- s$U / sqrt(diag(s$V))
  set.seed(1)
  list(score = s$U, cov = s$V, z = z,
       p = 1 - mvtnorm::pmvnorm(rep(-max(abs(z)), 4), rep(max(abs(z)), 4), corr = cov2cor(s$V),
             algorithm = mvtnorm::GenzBretz(maxpts = 4e6, abseps = 1e-8))[1])
}
tests$combo <- combo(transform(d, from = 0))
tests$combo_delayed <- combo(transform(d, from = entry))
v <- transform(veteran, sex = trt, event = status, from = 0)
tests$combo_veteran <- combo(v)

# --- competing events ---
m <- mgus2
m$etime <- with(m, ifelse(pstat == 0, futime, ptime))
m$cause <- with(m, ifelse(pstat == 0, 2 * death, 1))
m$three <- cut(m$age, c(0, 65, 75, 200), labels = FALSE)
m <- m[m$etime > 0, ]
gray <- function(group, rho = 0, strata) {
  t <- cuminc(m$etime, m$cause, group, strata, rho = rho)$Tests
  list(chi2 = unname(t[, "stat"]), p = unname(t[, "pv"]), df = unname(t[, "df"]))
}
one <- rep(1, nrow(m))
s <- m; x <- cbind(age = m$age, sex = as.numeric(m$sex == "M"))
fg <- finegray(Surv(etime, factor(cause, 0:2, c("censor", "pcm", "death"))) ~ age + sex + id,
               data = m, etype = "pcm")
form <- Surv(fgstart, fgstop, fgstatus) ~ age + I(sex == "M")
a <- crr(m$etime, m$cause, x, gtol = 1e-10)
compete <- list(
  data = list(time = m$etime, cause = m$cause, age = m$age, sex = x[, "sex"], three = m$three),
  gray_sex = gray(x[, "sex"], strata = one), gray_three = gray(m$three, strata = one),
  gray_rho = gray(m$three, 1, one), gray_strata = gray(x[, "sex"], strata = m$three),
  crr = list(coef = unname(a$coef), cov = unname(a$var), loglik = a$loglik),
  finegray = pieces(coxph(form, fg, weights = fgwt, cluster = id, control = tight)),
  finegray_breslow = pieces(coxph(form, fg, weights = fgwt, cluster = id, ties = "breslow",
                                  control = tight)),
  cause_specific = pieces(coxph(Surv(etime, cause == 1) ~ age + I(sex == "M"), m, control = tight)))

# --- shared frailty, the information with all its entries (sparse = FALSE) ---
f <- subset(rats, sex == "f")
k <- subset(kidney)
outer_ <- coxph.control(eps = 1e-12, toler.chol = 1e-14, iter.max = 60, outer.max = 60)
frail <- function(fit, p) {
  h <- fit$history[[1]]
  list(coef = unname(coef(fit)[1:p]), cov = unname(as.matrix(fit$var))[1:p, 1:p], theta = h$theta,
       penalised = fit$loglik[2], marginal = h$c.loglik)
}
frailty_fits <- list(
  rats = as.list(f[c("litter", "rx", "time", "status")]),
  kidney = as.list(transform(k, sex = sex)[c("id", "time", "status", "age", "sex")]),
  rats_gamma = frail(
    coxph(Surv(time, status) ~ rx + frailty(litter, sparse = FALSE, eps = 1e-9), f, control = outer_), 1),
  rats_gamma_fixed = frail(
    coxph(Surv(time, status) ~ rx + frailty(litter, theta = .5, sparse = FALSE), f, control = outer_), 1),
  rats_breslow_fixed = frail(
    coxph(Surv(time, status) ~ rx + frailty(litter, theta = .5, sparse = FALSE), f, ties = "breslow", control = outer_), 1),
  rats_normal = frail(
    coxph(Surv(time, status) ~ rx + frailty.gaussian(litter, sparse = FALSE, eps = 1e-9), f, control = outer_), 1),
  rats_normal_fixed = frail(
    coxph(Surv(time, status) ~ rx + frailty.gaussian(litter, theta = .4, sparse = FALSE), f, control = outer_), 1),
  kidney_gamma = frail(
    coxph(Surv(time, status) ~ age + sex + frailty(id, sparse = FALSE, eps = 1e-9), k, control = outer_), 2),
  kidney_gamma_fixed = frail(
    coxph(Surv(time, status) ~ age + sex + frailty(id, theta = .5, sparse = FALSE), k, control = outer_), 2),
  kidney_normal = frail(
    coxph(Surv(time, status) ~ age + sex + frailty.gaussian(id, sparse = FALSE, eps = 1e-9), k, control = outer_), 2),
  rats_cluster = pieces(coxph(Surv(time, status) ~ rx, f, cluster = litter, control = tight)))

# --- treatment that begins later: counting process made by tmerge, and the heart data ---
temp <- subset(pbc, id <= 312, select = c(id:sex, stage))
pbc2 <- tmerge(temp, temp, id = id, death = event(time, status))
pbc2 <- tmerge(pbc2, pbcseq, id = id, bili = tdc(day, bili), protime = tdc(day, protime))
late <- list(
  pbc = c(as.list(pbc2[c("tstart", "tstop", "death", "bili", "protime")]),
          pieces(coxph(Surv(tstart, tstop, death == 2) ~ log(bili) + log(protime), pbc2, control = tight))),
  heart = c(as.list(transform(heart, transplant = as.numeric(transplant) - 1)[
              c("id", "start", "stop", "event", "age", "surgery", "transplant")]),
            pieces(coxph(Surv(start, stop, event) ~ age + surgery + transplant, heart, control = tight))))

# --- excess relative to a cell, of hazard ratios: delta method written out ---
four <- transform(subset(lung), event = status - 1, med = as.numeric(sex == 2), ther = as.numeric(age > 62))
h <- coxph(Surv(time, event) ~ I(med == 1 & ther == 0) + I(med == 0 & ther == 1) + I(med == 1 & ther == 1),
           four, control = tight)
hr <- exp(coef(h)); gradient <- c(-hr[1], -hr[2], hr[3])
reri <- list(data = as.list(four[c("time", "event", "med", "ther")]),
             estimate = unname(hr[3] - hr[1] - hr[2] + 1),
             std_error = sqrt(drop(t(gradient) %*% vcov(h) %*% gradient)))

out <- list(
  lung = as.list(d[c("inst", "time", "event", "sex", "ph.ecog", "weight", "entry", "group")]),
  veteran = as.list(veteran[c("trt", "time", "status")]),
  few = as.list(subset(aml, x == "Maintained")[c("time", "status")]),
  curves = curves, clusters = clusters, restricted_means = compared, tests = tests, competing = compete,
  frailty = frailty_fits, later = late, reri = reri,
  about = list(r = R.version.string, survival = as.character(packageVersion("survival")),
               cmprsk = as.character(packageVersion("cmprsk")),
               data = "lung, aml, veteran, mgus2, rats, kidney, pbc, pbcseq, heart of survival"))
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, na = "null"), "event_tests.json")
