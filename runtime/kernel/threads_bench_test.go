package kernel

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// spinJob takes some time for each chunk.
type spinJob struct{ multiplications int }

func (j *spinJob) do(_, _ int) { multiplyAdd(j.multiplications) }

// BenchmarkThreads reports how long a job of two threads takes beyond half of
// its work: back to back, and after a pause in which the worker sleeps.
func BenchmarkThreads(b *testing.B) {
	threads := NewThreads(2)
	defer threads.Close()
	const loops = 1000 // of a chunk: some microseconds
	for _, chunks := range []int{2, 8, 32} {
		for _, pause := range []time.Duration{0, time.Millisecond} {
			b.Run(fmt.Sprintf("%d/%v", chunks, pause), func(b *testing.B) {
				j := &spinJob{loops}
				var alone, together []time.Duration
				for b.Loop() {
					start := time.Now()
					for i := range chunks {
						j.do(0, i)
					}
					alone = append(alone, time.Since(start))
					if pause > 0 {
						time.Sleep(pause)
					} else {
						threads.Begin()
						threads.run(j, 1, 2)
					}
					start = time.Now()
					threads.Begin()
					threads.run(j, 1, chunks)
					together = append(together, time.Since(start))
					threads.End()
				}
				slices.Sort(alone)
				slices.Sort(together)
				work := alone[len(alone)/2] / 2
				b.ReportMetric(float64(together[len(together)/2]-work)/1e3, "µs-over")
				b.ReportMetric(float64(together[len(together)/10]-work)/1e3, "µs-over-tenth")
				b.ReportMetric(float64(work)/1e3, "µs-half")
			})
		}
	}
}
