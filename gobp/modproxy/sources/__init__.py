"""Where module files come from: other proxies, file trees and version control."""
