# Survival when people who were lost have another hazard than those who stayed, by its formula:
# of each person lost at c, P(T > t) = (S(t) / S(c))^exp(delta), with S the Kaplan-Meier curve
# (survival::survfit) of the own arm or of a reference arm. The completed curve is the mean over
# everyone. With delta = 0 and the own arm it is the Kaplan-Meier curve itself (Efron 1967).
# Rscript tests/reference/times_after_loss.R > tests/reference/times_after_loss.json
library(survival)

time <- list(a = c(3, 5, 5, 8, 11, 13, 17, 20, 24, 30, 30, 30),
             b = c(2, 4, 6, 7, 9, 9, 12, 14, 19, 22, 26, 30))
event <- list(a = c(1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0, 0),
              b = c(1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0))
horizon <- 30
weeks <- c(8, 15, 25)

curve <- function(arm) {
  fit <- survfit(Surv(time[[arm]], event[[arm]]) ~ 1)
  stepfun(fit$time, c(1, fit$surv))
}
completed <- function(arm, source, delta) {
  S <- curve(source)
  sapply(weeks, function(t) {
    mean(mapply(function(at, happened) {
      if (happened == 1 || at >= horizon) return(as.numeric(at > t))
      if (at > t) return(1)
      (S(t) / S(at))^exp(delta)
    }, time[[arm]], event[[arm]]))
  })
}
show <- function(x) paste0("[", paste(format(x, digits = 15), collapse = ", "), "]")
cases <- list(list("a", "a", 0), list("b", "b", 0), list("a", "a", log(2)), list("a", "b", 0),
              list("a", "b", -0.5), list("b", "b", 1))
rows <- sapply(cases, function(k) {
  sprintf('{"arm": "%s", "source": "%s", "delta": %s, "survival": %s}', k[[1]], k[[2]],
          format(k[[3]], digits = 15), show(completed(k[[1]], k[[2]], k[[3]])))
})
cat(sprintf('{"origin": "R %s, survival %s", "weeks": %s, "horizon": %g,\n "time": {"a": %s, "b": %s},\n "event": {"a": %s, "b": %s},\n "cases": [\n  %s]}\n',
            getRversion(), packageVersion("survival"), show(weeks), horizon, show(time$a), show(time$b),
            show(event$a), show(event$b), paste(rows, collapse = ",\n  ")))
