BEGIN TRANSACTION;
CREATE TABLE fairtrial_jobs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	kind VARCHAR(20) NOT NULL, 
	name TEXT NOT NULL, 
	file TEXT NOT NULL, 
	text TEXT NOT NULL, 
	options TEXT NOT NULL, 
	priority INTEGER NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	created DATETIME NOT NULL, 
	schedule VARCHAR(200) NOT NULL, 
	due DATETIME, 
	late BOOLEAN NOT NULL, 
	attempts INTEGER NOT NULL, 
	not_before DATETIME, 
	owner_host TEXT, 
	owner_pid BIGINT, 
	owner_process TEXT, 
	heartbeat DATETIME, 
	began DATETIME, 
	ended DATETIME, 
	message TEXT NOT NULL, 
	CONSTRAINT fairtrial_jobs_once UNIQUE (schedule, due)
);
INSERT INTO "fairtrial_jobs" VALUES(1,'sweep','digits','/home/you/digits.yaml','name: digits
','{"overrides": ["train.epochs=5"], "trials": 20}',3,'running','2026-11-21 12:00:00.123456','',NULL,0,1,NULL,'build-3',4711,'4711-a','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456',NULL,'');
INSERT INTO "fairtrial_jobs" VALUES(2,'report','weekly','/home/you/weekly.yaml','','{}',0,'queued','2026-11-21 12:00:00.123456','weekly','2026-11-23 06:00:00.000000',1,1,'2026-11-21 12:00:30.123456',NULL,NULL,NULL,NULL,'2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456','no sweep matches');
INSERT INTO "fairtrial_jobs" VALUES(3,'sweep','iris','/home/you/iris.yaml','','{}',0,'queued','2026-11-21 12:00:00.123456','',NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'');
CREATE TABLE fairtrial_reports (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	"key" VARCHAR(500) NOT NULL, 
	title TEXT NOT NULL, 
	made DATETIME NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	folder TEXT NOT NULL, 
	file TEXT NOT NULL, 
	file_text TEXT NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	mlflow_run VARCHAR(64) NOT NULL, 
	schedule VARCHAR(200) NOT NULL, 
	late BOOLEAN NOT NULL, 
	error TEXT NOT NULL, 
	deliveries TEXT NOT NULL, 
	details TEXT NOT NULL, 
	CONSTRAINT fairtrial_reports_key UNIQUE ("key")
);
INSERT INTO "fairtrial_reports" VALUES(1,'weekly@1','Digits, week by week','2026-11-21 12:00:00.123456','done','/home/you/.fairtrial/reports/0001-digits-week-by-week','/home/you/weekly.yaml','title: Digits
','dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd','5af0','weekly',1,'','{"FAIRTRIAL_MAIL_URL": "sent"}','{"sweeps": [], "alerts": ["a"], "last": null, "against": null, "mlflow_error": ""}');
INSERT INTO "fairtrial_reports" VALUES(2,'weekly@2','Digits, week by week','2026-11-21 12:00:00.123456','failed','','/home/you/weekly.yaml','title: Digits
','','','',0,'no sweep matches','{}','{}');
CREATE TABLE fairtrial_schedules (
	name VARCHAR(200) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	file TEXT NOT NULL, 
	cron VARCHAR(200) NOT NULL, 
	timezone VARCHAR(100) NOT NULL, 
	created DATETIME NOT NULL, 
	next_due DATETIME, 
	PRIMARY KEY (name)
);
INSERT INTO "fairtrial_schedules" VALUES('weekly','report','/home/you/weekly.yaml','0 7 * * 1','Europe/Berlin','2026-11-21 12:00:00.123456','2026-11-23 06:00:00.000000');
CREATE TABLE fairtrial_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT fairtrial_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "fairtrial_version" VALUES('0001');
CREATE INDEX fairtrial_jobs_queue ON fairtrial_jobs (state, priority, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('fairtrial_jobs',3);
INSERT INTO "sqlite_sequence" VALUES('fairtrial_reports',2);
COMMIT;
