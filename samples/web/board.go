package main

import (
	"embed"
	"encoding/json"
	"html/template"
	"log"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
)

//go:embed templates
var files embed.FS

var page = template.Must(template.ParseFS(files, "templates/index.html"))

// message is one entry of the board.
type message struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// board keeps messages in memory, oldest first.
type board struct {
	greeting string
	mu       sync.RWMutex
	messages []message
}

func newBoard(greeting string) *board {
	return &board{greeting: greeting}
}

func (b *board) routes() http.Handler {
	router := chi.NewRouter()
	router.Get("/", b.index)
	router.Get("/api/messages", b.list)
	router.Post("/api/messages", b.add)
	router.Get("/api/messages/{id}", b.show)
	return router
}

func (b *board) index(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	data := struct {
		Greeting string
		Messages []message
	}{b.greeting, b.all()}
	if err := page.Execute(w, data); err != nil {
		log.Printf("index: %v", err)
	}
}

func (b *board) list(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, b.all())
}

func (b *board) show(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	all := b.all()
	at := slices.IndexFunc(all, func(m message) bool { return m.ID == id })
	if at < 0 {
		http.Error(w, "no such message", http.StatusNotFound)
		return
	}
	answer(w, http.StatusOK, all[at])
}

func (b *board) add(w http.ResponseWriter, r *http.Request) {
	var added message
	body := http.MaxBytesReader(w, r.Body, 64<<10)
	if err := json.NewDecoder(body).Decode(&added); err != nil || strings.TrimSpace(added.Text) == "" {
		http.Error(w, `send {"text": "..."}`, http.StatusBadRequest)
		return
	}
	added.ID = uuid.NewString()

	b.mu.Lock()
	b.messages = append(b.messages, added)
	b.mu.Unlock()
	answer(w, http.StatusCreated, added)
}

// all returns a copy, never nil, so that JSON shows an empty list.
func (b *board) all() []message {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return append([]message{}, b.messages...)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Printf("answer: %v", err)
	}
}
