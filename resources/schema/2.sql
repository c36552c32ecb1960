-- Threads keep their whole stack: frames and locks as the dump has them, innermost first, one a line.
ALTER TABLE threads ADD COLUMN stack TEXT NOT NULL DEFAULT '';
DROP VIEW thread;
CREATE VIEW thread AS SELECT file_id, at_ns, name, state, waiting_on, holding, top_frame, stack FROM threads;
