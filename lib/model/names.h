#ifndef CDC_MODEL_NAMES_H
#define CDC_MODEL_NAMES_H

/* The database that every Milvus has, and that "" stands for in requests. */
#define DEFAULT_DB "default"

/* Its id in the catalogue; in keys of before databases, 0 and 1 mean it. */
enum { DEFAULT_DB_ID = 1 };

#endif
