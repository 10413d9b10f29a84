// Command legacy shouts back what it is told.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"example.com/legacy/shout"
)

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		text := r.FormValue("text")
		if text == "" {
			text = "hello"
		}
		fmt.Fprintln(w, shout.Shout(text))
	})
	log.Printf("listening on :%s", port)
	log.Fatal(http.ListenAndServe(":"+port, nil))
}
