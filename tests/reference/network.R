# Reference numbers for networks and components of treatments (ctevidence.synthesis.network,
# components, node_split, inconsistency). Made with R 4.2.2, metafor 3.8-1, metadat 1.2-0; writes
# network.json beside this file. Run in the project's root: it reads data/raw/linde2016.
#
# The models are written out here with metafor's rma.mv (contrasts against the first arm of each
# trial, exact covariance, struct "CS" with rho 1/2) and with plain matrix algebra for the
# generalised DerSimonian-Laird estimate: an independent route, since ctevidence turns each trial
# into independent contrasts and never forms these matrices.
suppressMessages({library(metafor); library(metadat); library(jsonlite); library(Matrix)})
# the tightest search that converges; at tau2 = 0 tight ones do not
searches <- list(list(optimizer = "nlminb", rel.tol = 1e-13, x.tol = 1e-12, iter.max = 2000,
                      eval.max = 4000),
                 list(optimizer = "nlminb", rel.tol = 1e-10), list(optimizer = "nlminb"))

# contrasts of every trial against its first arm, with their covariance -----------------------------
from_arms <- function(study, treat, value, variance) {
  y <- c(); V <- list(); a <- c(); b <- c(); id <- c(); all <- NULL
  for (s in unique(study)) {
    i <- which(study == s); k <- length(i)
    y <- c(y, value[i[-1]] - value[i[1]])
    V <- c(V, list(variance[i[1]] + diag(variance[i[-1]], k - 1)))
    a <- c(a, treat[i[-1]]); b <- c(b, rep(treat[i[1]], k - 1)); id <- c(id, rep(s, k - 1))
    for (p in combn(i, 2, simplify = FALSE))
      all <- rbind(all, data.frame(study = s, treat1 = treat[p[1]], treat2 = treat[p[2]],
        estimate = value[p[1]] - value[p[2]], std_error = sqrt(variance[p[1]] + variance[p[2]])))
  }
  list(y = y, V = as.matrix(bdiag(V)), treat1 = a, treat2 = b, study = id, contrasts = all)
}

# all pairs of each trial given: basic contrasts, covariance from the variances of the pairs
from_pairs <- function(d) {
  y <- c(); V <- list(); a <- c(); b <- c(); id <- c()
  for (s in unique(d$study)) {
    own <- d[d$study == s, ]; arms <- sort(unique(c(own$treat1, own$treat2)))
    get <- function(p, q, what) {
      if (p == q) return(0)
      f <- own[own$treat1 == p & own$treat2 == q, ]; r <- own[own$treat1 == q & own$treat2 == p, ]
      if (what == "v") return(c(f$std_error, r$std_error)^2)
      c(f$estimate, -r$estimate)
    }
    rest <- arms[-1]
    y <- c(y, sapply(rest, get, q = arms[1], what = "y"))
    W <- outer(seq_along(rest), seq_along(rest), Vectorize(function(i, j)
      (get(rest[i], arms[1], "v") + get(rest[j], arms[1], "v") - get(rest[i], rest[j], "v")) / 2))
    V <- c(V, list(W))
    a <- c(a, rest); b <- c(b, rep(arms[1], length(rest))); id <- c(id, rep(s, length(rest)))
  }
  list(y = unname(y), V = as.matrix(bdiag(V)), treat1 = a, treat2 = b, study = id)
}

design <- function(n, treatments) {
  X <- matrix(0, length(n$y), length(treatments), dimnames = list(NULL, treatments))
  X[cbind(seq_along(n$y), match(n$treat1, treatments))] <- 1
  X[cbind(seq_along(n$y), match(n$treat2, treatments))] <- -1
  X
}

between <- function(n) (outer(n$study, n$study, "==") + diag(length(n$y))) / 2

gls <- function(n, X, tau2) {
  W <- solve(n$V + tau2 * between(n)); C <- solve(t(X) %*% W %*% X)
  b <- drop(C %*% t(X) %*% W %*% n$y); r <- n$y - drop(X %*% b)
  list(b = b, C = C, q = drop(t(r) %*% W %*% r), df = length(n$y) - ncol(X))
}

dl <- function(n, X) {
  W <- solve(n$V); M <- between(n); f <- gls(n, X, 0)
  trace <- sum(diag(W %*% M)) - sum(diag(f$C %*% t(X) %*% W %*% M %*% W %*% X))
  max(0, (f$q - f$df) / trace)
}

reml <- function(n, X) {
  inner <- ave(seq_along(n$y), n$study, FUN = seq_along)
  d <- data.frame(y = n$y, inner = factor(inner), study = n$study)
  for (control in searches) {
    r <- try(rma.mv(y, n$V, mods = X, intercept = FALSE, random = ~ inner | study, struct = "CS",
                    rho = 1/2, data = d, method = "REML", control = control), silent = TRUE)
    if (!inherits(r, "try-error")) break
  }
  list(tau2 = r$tau2, b = unname(drop(r$b)), se = r$se, loglik = c(logLik(r)))
}

fits <- function(n, X) {
  out <- list(names = colnames(X), q = gls(n, X, 0)$q, df = length(n$y) - ncol(X))
  out$dl_tau2 <- dl(n, X); f <- gls(n, X, out$dl_tau2)
  out$common <- with(gls(n, X, 0), list(b = unname(b), se = sqrt(unname(diag(C)))))
  out$dl <- list(b = unname(f$b), se = sqrt(unname(diag(f$C))))
  out$reml <- reml(n, X)
  out
}

# Q within designs: every design by itself
within <- function(n) {
  key <- tapply(seq_along(n$y), n$study, function(i) paste(sort(unique(c(n$treat1[i], n$treat2[i]))),
                                                           collapse = "|"))
  q <- 0; df <- 0
  for (k in unique(key)) {
    i <- which(n$study %in% names(key)[key == k]); own <- strsplit(k, "|", fixed = TRUE)[[1]]
    part <- list(y = n$y[i], V = n$V[i, i, drop = FALSE], treat1 = n$treat1[i], treat2 = n$treat2[i],
                 study = n$study[i])
    f <- gls(part, design(part, own)[, -1, drop = FALSE], 0); q <- q + f$q; df <- df + f$df
  }
  c(q, df)
}

# one more column for a comparison: half up for the first treatment, half down for the second, in
# trials that gave both (White 2015); the network's own tau2
split <- function(n, treatments, reference, first, second, tau2) {
  X <- design(n, treatments); both <- tapply(seq_along(n$y), n$study, function(i)
    all(c(first, second) %in% c(n$treat1[i], n$treat2[i])))
  z <- ifelse(both[n$study], (X[, first] - X[, second]) / 2, 0)
  f <- gls(n, cbind(X[, treatments != reference], z), tau2); p <- length(f$b)
  c0 <- setNames(rep(0, p), c(treatments[treatments != reference], "z"))
  if (first != reference) c0[first] <- 1
  if (second != reference) c0[second] <- -1
  c1 <- c0; c1["z"] <- 1
  list(first = first, second = second, indirect = sum(c0 * f$b), direct = sum(c1 * f$b),
       se_indirect = sqrt(drop(c0 %*% f$C %*% c0)), se_direct = sqrt(drop(c1 %*% f$C %*% c1)),
       difference = unname(f$b[p]), se_difference = sqrt(f$C[p, p]))
}

components <- function(treatments, inactive, interactions = list()) {
  parts <- strsplit(treatments, "\\s*\\+\\s*"); active <- setdiff(sort(unique(unlist(parts))), inactive)
  C <- sapply(active, function(a) as.numeric(sapply(parts, function(p) a %in% p)))
  for (i in interactions)
    C <- cbind(C, as.numeric(sapply(parts, function(p) all(i %in% p))))
  colnames(C) <- c(active, sapply(interactions, paste, collapse = " * "))
  C
}

set_of <- function(n, reference, inactive, interactions = list(), splits = list()) {
  treatments <- sort(unique(c(n$treat1, n$treat2)), method = "radix")
  X <- design(n, treatments); out <- list(treatments = treatments)
  out$network <- fits(n, X[, treatments != reference])
  w <- within(n); out$within <- list(q = w[1], df = w[2])
  out$additive <- fits(n, X %*% components(treatments, inactive))
  out$interactions <- lapply(interactions, function(i)
    fits(n, X %*% components(treatments, inactive, i)))
  out$splits <- lapply(splits, function(s)
    split(n, treatments, reference, s[1], s[2], out$network$dl_tau2))
  b <- setNames(rep(0, length(treatments)), treatments); b[out$network$names] <- out$network$dl$b
  f <- gls(n, X[, treatments != reference], out$network$dl_tau2)
  C <- matrix(0, length(b), length(b)); keep <- treatments != reference; C[keep, keep] <- f$C
  d <- outer(b, b, "-"); s <- sqrt(outer(diag(C), diag(C), "+") - 2 * C); P <- pnorm(d / s)
  diag(P) <- NA; out$p_scores <- as.list(rowMeans(P, na.rm = TRUE))
  out
}

# --------------------------------------------------------------------------------------------------
b <- dat.baker2009; b <- b[!grepl("Negro", b$study), ]
zero <- tapply(b$exac == 0 | b$exac == b$total, b$study, any)[b$study]
a <- b$exac + ifelse(zero, 0.5, 0); m <- b$total - b$exac + ifelse(zero, 0.5, 0)
baker <- from_arms(b$study, b$treatment, log(a / m), 1 / a + 1 / m)

s <- dat.stowe2010; long <- do.call(rbind, lapply(1:3, function(k) data.frame(study = s$study,
  treat = s[[paste0("t", k)]], y = s[[paste0("y", k)]], v = s[[paste0("sd", k)]]^2 / s[[paste0("n", k)]])))
long <- long[!is.na(long$y) & long$treat != "", ]
stowe <- from_arms(long$study, long$treat, long$y, long$v)

l <- read.csv("data/raw/linde2016/linde2016.csv")
l <- data.frame(study = as.character(l$id), treat1 = l$treat1, treat2 = l$treat2, estimate = l$lnOR,
                std_error = l$selnOR)
linde <- from_pairs(l); part <- from_pairs(l[l$study %in% c(16, 24, 49, 118), ])
cbt <- list(c("Face-to-face CBT", "SSRI")); ipt <- list(c("Face-to-face interpsy", "SSRI"))
pst <- list(c("Face-to-face PST", "SSRI"))

out <- list(
  versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor")),
                  metadat = as.character(packageVersion("metadat"))),
  baker2009 = c(list(contrasts = baker$contrasts), set_of(baker, "Placebo", "Placebo",
    splits = list(c("Fluticasone", "Placebo"), c("Salmeterol", "Tiotropium")))),
  stowe2010 = c(list(contrasts = stowe$contrasts), set_of(stowe, "Placebo", "Placebo",
    splits = list(c("COMTI", "MAOBI")))),
  linde2016 = set_of(linde, "Placebo", "Placebo",
    list(cbt = cbt, interpsy = ipt, pst = pst, all = c(cbt, ipt, pst)),
    splits = list(c("SSRI", "TCA"), c("Hypericum", "SSRI"), c("Face-to-face CBT", "UC"),
                  c("Placebo", "TCA"))),
  subset = set_of(part, "Placebo", "Placebo"))
write_json(out, "tests/reference/network.json", digits = NA, auto_unbox = TRUE, pretty = FALSE)
