# Straight lines with random intercept and slope by lme4, Kenward-Roger by pbkrtest, for
# tests/models. Run: Rscript growth.R   (writes growth.json)
# Data: sleepstudy of lme4. Its people get an arm and an age by their number, made up for the
# test; a day of sleep deprivation stands for a week of follow-up.
suppressMessages({library(lme4); library(pbkrtest); library(jsonlite)})
d <- sleepstudy
number <- as.integer(d$Subject)
d$arm <- factor(c("control", "medication", "combined")[1 + number %% 3], c("control", "medication", "combined"))
d$age <- 30 + (7 * number) %% 23
d <- d[!(number %in% c(2, 5) & d$Days > 6), ]       # two people leave early
people <- d[!duplicated(d$Subject), ]
d$older <- d$age - mean(people$age)
fit <- lmer(Reaction ~ 0 + arm + arm:Days + older + (Days | Subject), d,
            control = lmerControl(optimizer = "nloptwrap", optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12)))
adjusted <- vcovAdj(fit)
line <- function(arm, week) {
  l <- setNames(numeric(7), names(fixef(fit)))
  l[paste0("arm", arm)] <- 1; l[paste0("arm", arm, ":Days")] <- week; l
}
row <- function(l) list(estimate = sum(l * fixef(fit)), std_error = sqrt(sum(l * (as.matrix(adjusted) %*% l))),
                        df = Lb_ddf(l, vcov(fit), adjusted))
out <- list(
  data = list(participant_id = as.character(d$Subject), arm = as.character(d$arm), week = d$Days,
              score = d$Reaction, age = d$age),
  loglik = as.numeric(logLik(fit)),
  means = lapply(c(control = "control", combined = "combined"), function(a) row(line(a, 5))),
  contrasts = lapply(c("2.5" = 2.5, "8" = 8), function(w) row(line("combined", w) - line("control", w))),
  about = list(r = R.version.string, lme4 = as.character(packageVersion("lme4")),
               pbkrtest = as.character(packageVersion("pbkrtest"))))
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE), "growth.json")
