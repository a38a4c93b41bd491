package cpu

// SecondCache is the size of a core's second cache in bytes, or 0 where it is not
// known. What is computed must not depend on it.
func SecondCache() int { return secondCache() }
