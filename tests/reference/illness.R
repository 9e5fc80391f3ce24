# Transitions from a state, and recurrent events, by survival and mets, for
# tests/models/test_illness.py and tests/models/test_mean_count.py.
# Run: Rscript illness.R (writes illness.json)
suppressMessages({library(survival); library(mets); library(jsonlite)})
# myeloid as in aalen_johansen.R; who is in CR at day 200, and what becomes of them
y <- tmerge(myeloid[, 1:3], myeloid, id = id, death = event(futime, death), sct = event(txtime),
            cr = event(crtime), relapse = event(rltime))
y$then <- with(y, cr + 2 * sct + 4 * relapse + 8 * death)
y$then <- factor(match(y$then, c(0, 1, 2, 3, 4, 8)) - 1, 0:5,
                 c("censor", "CR", "SCT", "CR and SCT", "relapse", "death"))
y$now <- survcheck(Surv(tstart, tstop, then) ~ 1, y, id = id)$istate
here <- unique(y$id[y$now == "CR" & y$tstart <= 200 & y$tstop > 200])
part <- subset(y, id %in% here & tstop > 200)
part$tstart <- pmax(part$tstart, 200)
fit <- survfit(Surv(tstart, tstop, then) ~ 1, part, id = id, istate = now, start.time = 200)
s <- summary(fit, times = c(500, 1000))
keep <- match(c("(s0)", "CR", "SCT", "CR and SCT", "relapse", "death"), fit$states)
pick <- function(m) { m <- cbind(m, 0); k <- ifelse(is.na(keep), ncol(m), keep); m[, k] }
transitions <- list(people = length(here), probability = pick(s$pstate), robust = pick(s$std.err))
# bladder1: recurrences of tumours, follow-up of no length left out as in survival's own examples;
# status 1 is recurrence, 2 and 3 death
b <- subset(bladder1, start < stop & treatment != "pyridoxine")
b$event <- b$status == 1; b$died <- b$status %in% 2:3
at <- c(6, 12, 24, 36)
nelson <- function(d) {  # deaths as censoring: the mean function of Lawless and Nadeau
  f <- survfit(Surv(start, stop, event) ~ 1, d, id = id)
  k <- findInterval(at, f$time)
  list(count = f$cumhaz[k], error = f$std.chaz[k])
}
# mets takes tied times one after the other; its witness are the same people with ties broken, by
# a thousandth of a month for each person's place in the table
apart <- function(d) {
  shift <- match(d$id, unique(d$id)) / 1000
  d$stop <- d$stop + shift; d$start <- ifelse(d$start > 0, d$start + shift, 0)
  d
}
ghosh <- function(d) {
  d <- apart(d)
  xr <- phreg(Surv(start, stop, event) ~ cluster(id), data = d)
  dr <- phreg(Surv(start, stop, died) ~ cluster(id), data = d)
  m <- recurrentMarginal(xr, dr)
  k <- findInterval(at, m$times)
  list(start = d$start, stop = d$stop, count = m$mu[k], error = m$se.mu[k])
}
one <- function(arm) {
  d <- subset(b, treatment == arm)
  list(id = d$id, start = d$start, stop = d$stop, event = d$event, died = d$died,
       nelson = nelson(d), ghosh = ghosh(d))
}
cox <- function(formula, d) {
  f <- coxph(formula, d, ties = "efron")
  list(coef = unname(coef(f)[1]), robust = unname(sqrt(f$var[1, 1])))
}
b$rx <- as.numeric(b$treatment == "thiotepa")
b$gap <- b$stop - b$start
# as the published analyses of these data: people, and their first four recurrences
k <- subset(bladder2); k$gap <- k$stop - k$start
models <- list(
  ag = cox(Surv(start, stop, event) ~ rx + cluster(id), b),
  pwp_total = cox(Surv(start, stop, event) ~ rx + strata(enum) + cluster(id), b),
  pwp_gap = cox(Surv(gap, event) ~ rx + strata(enum) + cluster(id), b),
  bladder2_ag = cox(Surv(start, stop, event) ~ rx + size + number + cluster(id), k),
  bladder2_pwp = cox(Surv(start, stop, event) ~ rx + size + number + strata(enum) + cluster(id), k),
  bladder2_gap = cox(Surv(gap, event) ~ rx + size + number + strata(enum) + cluster(id), k))
out <- list(transitions = transitions, at = at, placebo = one("placebo"), thiotepa = one("thiotepa"),
  models = models, enum = b$enum, id = b$id, bladder2 = k[, c("id", "rx", "size", "number", "start", "stop", "event", "enum")],
  about = list(r = R.version.string, survival = as.character(packageVersion("survival")),
               mets = as.character(packageVersion("mets")),
               data = "myeloid, bladder1 and bladder2 of the survival package"))
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, na = "null"), "illness.json")
