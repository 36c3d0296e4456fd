# Rscript simulate.R iteration= seed= years= headcount= joiners= out=   The simulation chunk: one iteration, as .rds.
source("arguments.R")
source("model.R")

given <- read_arguments(c("iteration", "seed", "years", "headcount", "joiners", "out"))
numbers <- lapply(given[names(given) != "out"], as.numeric)
result <- simulate_workforce(
  as.integer(numbers$iteration), numbers$seed, numbers$years, numbers$headcount, numbers$joiners
)
saveRDS(result, given$out)
last <- result[result$year == max(result$year), ]
cat("iteration ", given$iteration, ": ", sum(last$headcount), " people after ", given$years, " years\n", sep = "")
