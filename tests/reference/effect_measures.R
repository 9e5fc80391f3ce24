# Reference numbers for ctevidence.synthesis: every measure from counts and means with every variance
# convention, change scores, limits turned into standard errors, response rates from means.
# Made with R 4.2.2, metafor 3.8-1; writes effect_measures.json beside this file.
suppressMessages({library(metafor); library(jsonlite)})
both <- function(...) { e <- escalc(...); list(yi = c(e$yi), vi = c(e$vi)) }

# made-up arms: small and large, equal and unequal spreads, effects of both signs
means <- data.frame(m1 = c(11, 14.5, 8.2, 20), sd1 = c(7, 6.1, 3.3, 9), n1 = c(50, 12, 7, 240),
                    m2 = c(14, 13.9, 12.6, 25), sd2 = c(8, 6.9, 5.1, 11), n2 = c(48, 15, 6, 180))
of_means <- function(measure, vtype) with(means, both(measure = measure, vtype = vtype,
  m1i = m1, sd1i = sd1, n1i = n1, m2i = m2, sd2i = sd2, n2i = n2))

# change since baseline; standard deviations before and after, correlation 0.6
change <- data.frame(b1 = c(22, 30.1, 18), sb1 = c(5, 6.2, 4.4), a1 = c(11, 17.3, 9), sa1 = c(7, 8.1, 5),
                     n1 = c(40, 25, 60), b2 = c(21, 29.4, 18.5), sb2 = c(5.5, 6, 4.1),
                     a2 = c(15, 22, 13), sa2 = c(7.5, 7.9, 5.6), n2 = c(38, 27, 61))
r <- 0.6
sc1 <- with(change, sqrt(sb1^2 + sa1^2 - 2 * r * sb1 * sa1))
sc2 <- with(change, sqrt(sb2^2 + sa2^2 - 2 * r * sb2 * sa2))
of_change <- function(measure) with(change, both(measure = measure, m1i = a1 - b1, sd1i = sc1,
  n1i = n1, m2i = a2 - b2, sd2i = sc2, n2i = n2))

# the counts of four arms; a correction of zero cells in proportion to the arms (Sweeting 2004),
# which escalc takes as one number for each table when both arms are of one size
counts <- data.frame(ai = c(12, 30, 5, 80), n1i = c(40, 60, 9, 200),
                     ci = c(7, 41, 1, 61), n2i = c(38, 62, 10, 190))
of_counts <- function(measure) both(measure = measure, ai = counts$ai, n1i = counts$n1i,
                                    ci = counts$ci, n2i = counts$n2i)

# hazard ratios as printed, with limits of two levels
hr <- data.frame(ratio = c(0.68, 1.25, 0.41), low = c(0.49, 0.88, 0.22), high = c(0.95, 1.78, 0.76),
                 level = c(0.95, 0.95, 0.90))

# response from means by hand (Furukawa 2005); risk ratio by the delta method, cut-off exact
rate <- function(pre, post, s) pnorm((0.5 * pre - post) / s)
p <- c(rate(20, 11, 7), rate(20, 18, 6)); n <- c(100, 120)
z <- (10 - c(11, 18)) / c(7, 6)
delta <- dnorm(z)^2 * (1 / n + z^2 / (2 * (n - 1)))
counted <- escalc(measure = "RR", ai = round(p[1] * 100), n1i = 100, ci = round(p[2] * 120), n2i = 120)
counted_or <- escalc(measure = "OR", ai = round(p[1] * 100), n1i = 100, ci = round(p[2] * 120), n2i = 120)

write_json(list(
    means = means,
    mean_difference = list(separate = of_means("MD", "LS"), pooled = of_means("MD", "HO")),
    std_mean_difference = list("large-sample" = of_means("SMD", "LS"), scaled = of_means("SMD", "LS2"),
                               unbiased = of_means("SMD", "UB")),
    change = change, correlation = r,
    change_mean_difference = of_change("MD"), change_std_mean_difference = of_change("SMD"),
    counts = counts, risk_ratio = of_counts("RR"), odds_ratio = of_counts("OR"),
    risk_difference = of_counts("RD"), arcsine_difference = of_counts("AS"),
    hazard_ratio = c(hr, list(log = log(hr$ratio),
                              std_error = (log(hr$high) - log(hr$low)) / (2 * qnorm((1 + hr$level) / 2)))),
    furukawa = list(rate = p, delta_variance = delta, higher_is_better = 1 - pnorm((30 - 25) / 7),
                    counted_log_rr = c(counted$yi), counted_se_rr = sqrt(counted$vi),
                    counted_log_or = c(counted_or$yi), counted_se_or = sqrt(counted_or$vi))),
  "effect_measures.json", auto_unbox = TRUE, digits = NA, pretty = TRUE, na = "null", dataframe = "columns")
