# A workforce over years: people by age and grade who join, are promoted, leave and retire. Base R alone.
#
# A workforce is an integer matrix [ages, grades]. In each year, in this order: some retire, by age; of those who stay
# some leave, by age and grade; of those some are promoted; everybody ages by a year; joiners come. Every count is a
# draw (binomial for each cell, Poisson for the joiners of a grade), so no one is lost and no fraction of a person moves.

# All rates and shares below are our choice: an invented service, plausible and of no real country.
AGES <- 18:70 # who reaches the last one retires
GRADES <- c("A", "B", "C", "D", "E")

LEAVE_BY_GRADE <- c(0.10, 0.08, 0.06, 0.05, 0.04) # a year, of those aged 30 to 49
PROMOTE_BY_GRADE <- c(0.08, 0.06, 0.04, 0.03, 0) # a year
JOIN_BY_GRADE <- c(0.45, 0.25, 0.17, 0.09, 0.04) # of all joiners
AGE_OF_JOINERS <- c(25, 30, 36, 42, 47) # mean by grade; standard deviation 5
GRADE_SHARES <- c(0.30, 0.27, 0.22, 0.14, 0.07) # of the first workforce
AGE_OF_GRADES <- c(31, 37, 43, 48, 51) # mean by grade in the first workforce; standard deviation 8

AGE_BANDS <- cut(AGES, c(-Inf, 29, 39, 49, 59, Inf), c("under 30", "30-39", "40-49", "50-59", "60 and over"))

# The probability to retire within a year at each age.
retirement <- function(ages = AGES) {
  ifelse(ages < 55, 0, ifelse(ages < 60, 0.05, ifelse(ages < 65, 0.15, ifelse(ages < max(AGES), 0.40, 1))))
}

# The probability to leave within a year, [ages, grades]: the young move more, the old less.
leaving <- function(ages = AGES) {
  outer(ifelse(ages < 30, 1.5, ifelse(ages < 50, 1, 0.6)), LEAVE_BY_GRADE)
}

# Whole numbers in the proportions of weights that add up to total exactly: by largest remainder.
apportion <- function(weights, total) {
  exact <- weights / sum(weights) * total
  whole <- floor(exact)
  left <- total - sum(whole)
  extra <- order(whole - exact)[seq_len(left)]
  whole[extra] <- whole[extra] + 1
  whole
}

age_weights <- function(means, deviation) {
  weights <- sapply(means, function(mean) dnorm(AGES, mean, deviation))
  weights[AGES == max(AGES), ] <- 0
  sweep(weights, 2, colSums(weights), "/")
}

# The workforce that every iteration starts from.
first_workforce <- function(headcount) {
  weights <- sweep(age_weights(AGE_OF_GRADES, 8), 2, GRADE_SHARES, "*")
  matrix(apportion(as.vector(weights), headcount), length(AGES), length(GRADES))
}

# A draw from each cell of counts with its probability.
draw <- function(counts, probabilities) {
  matrix(rbinom(length(counts), as.vector(counts), as.vector(probabilities)), nrow(counts), ncol(counts))
}

joiners_of_a_year <- function(joiners) {
  by_grade <- rpois(length(GRADES), joiners * JOIN_BY_GRADE)
  weights <- age_weights(AGE_OF_JOINERS, 5)
  sapply(seq_along(GRADES), function(grade) rmultinom(1, by_grade[grade], weights[, grade])[, 1])
}

# One year: the workforce after it, and who joined, left, retired and was promoted, each [ages, grades].
# Who leaves, retires or is promoted counts at the age at the start of the year, with the grade before it.
one_year <- function(workforce, joiners) {
  retired <- draw(workforce, matrix(retirement(), length(AGES), length(GRADES)))
  stay <- workforce - retired
  left <- draw(stay, leaving())
  stay <- stay - left
  promoted <- draw(stay, matrix(PROMOTE_BY_GRADE, length(AGES), length(GRADES), byrow = TRUE))
  stay <- stay - promoted + cbind(0, promoted[, -length(GRADES)])
  joined <- joiners_of_a_year(joiners)
  older <- rbind(0, stay[-length(AGES), ]) # nobody stays at the last age: all retire
  list(workforce = older + joined, joined = joined, left = left, retired = retired, promoted = promoted)
}

# A [ages, grades] matrix summed into age bands, as a vector: bands within grades.
by_band <- function(counts) as.vector(rowsum(counts, AGE_BANDS, reorder = TRUE))

year_rows <- function(iteration, year, state) {
  none <- matrix(0, length(AGES), length(GRADES))
  column <- function(name) as.integer(by_band(if (is.null(state[[name]])) none else state[[name]]))
  data.frame(
    iteration = iteration, year = year,
    grade = rep(GRADES, each = nlevels(AGE_BANDS)), age_band = rep(levels(AGE_BANDS), length(GRADES)),
    headcount = column("workforce"), joiners = column("joined"), leavers = column("left"),
    retirements = column("retired"), promotions = column("promoted")
  )
}

# Random numbers of iteration n of a seed: the n-th stream of L'Ecuyer's generator, so that no two iterations, of this
# seed or another, share theirs, and an iteration is the same whatever runs beside it.
use_stream <- function(seed, iteration) {
  RNGkind("L'Ecuyer-CMRG", "Inversion", "Rejection")
  set.seed(seed)
  stream <- .Random.seed
  for (step in seq_len(iteration)) stream <- parallel::nextRNGStream(stream)
  assign(".Random.seed", stream, envir = globalenv())
}

# One iteration: a data frame with a row for each year (0 is the start), grade and age band.
simulate_workforce <- function(iteration, seed, years, headcount, joiners) {
  use_stream(seed, iteration)
  state <- list(workforce = first_workforce(headcount))
  rows <- vector("list", years + 1)
  rows[[1]] <- year_rows(iteration, 0L, state)
  for (year in seq_len(years)) {
    state <- one_year(state$workforce, joiners)
    rows[[year + 1]] <- year_rows(iteration, year, state)
  }
  do.call(rbind, rows)
}
