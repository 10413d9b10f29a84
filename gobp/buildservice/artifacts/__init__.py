"""Files of builds as they are downloaded: archives that are the same on every machine."""
