CREATE TABLE users (id integer PRIMARY KEY, login text UNIQUE NOT NULL, name text NOT NULL, email text NOT NULL, salt text NOT NULL, password_hash bytea NOT NULL);
INSERT INTO users
  SELECT n, 'user-' || n, 'Name of user ' || n, 'user-' || n || '@lab.example', md5(n::text), sha256(convert_to(md5(n::text) || 'password-' || n, 'UTF8'))
  FROM generate_series(1, 100000) AS n;
ANALYZE users;
