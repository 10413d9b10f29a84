// Command worker does the jobs that wait, again and again or once.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/gobp/commands/internal/settings"
	"example.com/gobp/commands/internal/store"
)

const atOnce = 4

func main() {
	once := flag.Bool("once", false, "do what waits, then end")
	pause := flag.Duration("pause", time.Second, "time between two looks")
	flag.Parse()

	jobs := store.Open(settings.FromEnvironment().Data)
	for {
		done, err := work(context.Background(), jobs)
		if err != nil {
			log.Fatal(err)
		}
		if *once {
			fmt.Printf("%d jobs done\n", done)
			return
		}
		time.Sleep(*pause)
	}
}

// work does all waiting jobs, a few at a time, and returns how many it did.
func work(ctx context.Context, jobs store.Store) (int, error) {
	all, err := jobs.Jobs()
	if err != nil {
		return 0, err
	}
	var writing sync.Mutex
	done := 0
	group, _ := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, job := range all {
		if job.Done {
			continue
		}
		group.Go(func() error {
			writing.Lock()
			defer writing.Unlock()
			done++
			return jobs.Finish(job.Name)
		})
	}
	err = group.Wait()
	return done, err
}
