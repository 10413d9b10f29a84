// Command vendored counts the words of the texts it is sent.
package main

import (
	"cmp"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/julienschmidt/httprouter"
)

const maxText = 1 << 20

func main() {
	server := &http.Server{
		Addr:              ":" + cmp.Or(os.Getenv("PORT"), "8080"),
		Handler:           routes(),
		ReadHeaderTimeout: 5 * time.Second,
	}
	log.Printf("listening on %s", server.Addr)
	log.Fatal(server.ListenAndServe())
}

func routes() http.Handler {
	router := httprouter.New()
	router.GET("/", index)
	router.POST("/count", count)
	return router
}

func index(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) {
	io.WriteString(w, "POST a text to /count\n")
}

func count(w http.ResponseWriter, r *http.Request, _ httprouter.Params) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxText))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	words := map[string]int{}
	for _, word := range strings.Fields(string(text)) {
		words[strings.ToLower(word)]++
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(words); err != nil {
		log.Printf("count: %v", err)
	}
}
