package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func request(t *testing.T, handler http.Handler, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(method, path, strings.NewReader(body)))
	return recorder
}

func TestAnAddedMessageIsListedAndShown(t *testing.T) {
	handler := newBoard("Hello").routes()

	created := request(t, handler, http.MethodPost, "/api/messages", `{"text":"first"}`)

	var added message
	if err := json.Unmarshal(created.Body.Bytes(), &added); err != nil || created.Code != http.StatusCreated {
		t.Fatalf("status %d, body %q, %v", created.Code, created.Body, err)
	}
	if shown := request(t, handler, http.MethodGet, "/api/messages/"+added.ID, ""); shown.Code != http.StatusOK {
		t.Errorf("show: status %d", shown.Code)
	}
	if page := request(t, handler, http.MethodGet, "/", "").Body.String(); !strings.Contains(page, ">first<") {
		t.Errorf("the page lacks the message: %s", page)
	}
}

func TestAnEmptyMessageIsRefused(t *testing.T) {
	refused := request(t, newBoard("Hello").routes(), http.MethodPost, "/api/messages", `{"text":" "}`)

	if refused.Code != http.StatusBadRequest {
		t.Errorf("status %d", refused.Code)
	}
}

func TestTheTemplateEscapesText(t *testing.T) {
	handler := newBoard("Hello").routes()
	request(t, handler, http.MethodPost, "/api/messages", `{"text":"<script>"}`)

	if page := request(t, handler, http.MethodGet, "/", "").Body.String(); strings.Contains(page, "<script>") {
		t.Errorf("the page holds raw markup: %s", page)
	}
}
