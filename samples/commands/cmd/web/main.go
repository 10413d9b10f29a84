// Command web takes jobs and lists them.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"sync"
	"time"

	"example.com/gobp/commands/internal/settings"
	"example.com/gobp/commands/internal/store"
)

func main() {
	config := settings.FromEnvironment()
	server := &http.Server{
		Addr:              config.Address,
		Handler:           routes(store.Open(config.Data)),
		ReadHeaderTimeout: 5 * time.Second,
	}
	log.Printf("listening on %s", config.Address)
	log.Fatal(server.ListenAndServe())
}

func routes(jobs store.Store) http.Handler {
	var adding sync.Mutex
	mux := http.NewServeMux()
	mux.HandleFunc("GET /jobs", func(w http.ResponseWriter, _ *http.Request) {
		all, err := jobs.Jobs()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(all); err != nil {
			log.Printf("list: %v", err)
		}
	})
	mux.HandleFunc("POST /jobs", func(w http.ResponseWriter, r *http.Request) {
		adding.Lock()
		defer adding.Unlock()
		if err := jobs.Add(r.FormValue("name")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusCreated)
	})
	return mux
}
