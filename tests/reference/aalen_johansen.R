# Competing events and several states: survival, cmprsk and prodlim, for
# tests/models/test_aalen_johansen.py. Run: Rscript aalen_johansen.R (writes aalen_johansen.json)
suppressMessages({library(survival); library(cmprsk); library(prodlim); library(jsonlite)})
# mgus2: time to plasma cell malignancy (1), or death before it (2); day 0 moved to half a month
m <- mgus2
m$time <- with(m, ifelse(pstat == 0, futime, ptime)); m$time[m$time == 0] <- .5
m$cause <- with(m, ifelse(pstat == 0, 2 * death, 1))
at <- c(60, 120, 240)
# mean time in each state up to tau with its infinitesimal jackknife error, from the influence of
# each person on the curve; everybody begins in one state, so it is zero before the first time
mean_time <- function(fit, tau) {
  inside <- fit$time < tau
  width <- diff(c(fit$time[inside], tau))
  influence <- fit$influence.pstate[, -1, ]  # the first is of time 0
  area <- apply(influence[, inside, ], c(1, 3), function(u) sum(u * width))
  list(rmean = unname(summary(fit, rmean = tau)$table[, "rmean"]),
       rmean_error = unname(sqrt(colSums(area^2))))
}
one <- function(d) {
  fit <- survfit(Surv(time, factor(cause, 0:2)) ~ 1, d, id = seq_len(nrow(d)),
                 influence = TRUE)
  s <- summary(fit, times = at)
  curve <- prodlim(Hist(time, cause) ~ 1, d)
  parts <- lapply(curve$se.cuminc, function(se) se[findInterval(at, curve$time)])
  tp <- timepoints(cuminc(d$time, d$cause), at)
  c(mean_time(fit, 240), list(time = d$time, cause = d$cause, probability = s$pstate,
       robust = s$std.err, greenwood = unname(do.call(cbind, parts)), cuminc = t(unname(tp$est))))
}
# myeloid: remission, transplant, relapse, death, in whatever order they come
y <- tmerge(myeloid[, 1:3], myeloid, id = id, death = event(futime, death), sct = event(txtime),
            cr = event(crtime), relapse = event(rltime))
y$then <- with(y, cr + 2 * sct + 4 * relapse + 8 * death)
names <- c("censor", "CR", "SCT", "CR and SCT", "relapse", "death")
y$then <- factor(match(y$then, c(0, 1, 2, 3, 4, 8)) - 1, 0:5, names)
fit <- survfit(Surv(tstart, tstop, then) ~ 1, y, id = id, influence = TRUE)
s <- summary(fit, times = c(100, 500, 1000))
myeloid_out <- c(mean_time(fit, 1000), list(id = y$id, start = y$tstart, stop = y$tstop, then = as.integer(y$then) - 1,
  states = fit$states, probability = s$pstate, robust = s$std.err))
out <- list(times = at, women = one(subset(m, sex == "F")), men = one(subset(m, sex == "M")),
  myeloid = myeloid_out,
  about = list(r = R.version.string, survival = as.character(packageVersion("survival")),
               cmprsk = as.character(packageVersion("cmprsk")),
               prodlim = as.character(packageVersion("prodlim")),
               data = "mgus2 and myeloid of the survival package"))
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, na = "null"), "aalen_johansen.json")
