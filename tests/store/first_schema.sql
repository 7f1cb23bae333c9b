BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE contacts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	reference VARCHAR(24) NOT NULL, 
	channel VARCHAR(40) NOT NULL, 
	external_id TEXT NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	outcome VARCHAR(16) NOT NULL, 
	rule VARCHAR(80) NOT NULL, 
	reason TEXT NOT NULL, 
	sender_address TEXT, 
	sender_name TEXT DEFAULT '' NOT NULL, 
	subject TEXT DEFAULT '' NOT NULL, 
	team VARCHAR(40), 
	service VARCHAR(40), 
	standard VARCHAR(40), 
	standard_version VARCHAR(20), 
	promise VARCHAR(60) DEFAULT '' NOT NULL, 
	calendar VARCHAR(40) DEFAULT '' NOT NULL, 
	receipt_rule VARCHAR(40) DEFAULT '' NOT NULL, 
	received_at DATETIME NOT NULL, 
	acknowledge_by DATETIME, 
	acknowledged_at DATETIME, 
	respond_by DATETIME, 
	responded_at DATETIME, 
	acknowledge_step INTEGER DEFAULT '0' NOT NULL, 
	respond_step INTEGER DEFAULT '0' NOT NULL, 
	next_look_at DATETIME, 
	forgotten BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT ck_contacts_outcome_known CHECK (outcome IN ('acknowledge', 'log', 'attach', 'undeliverable', 'ask')), 
	CONSTRAINT ck_contacts_open_is_watched CHECK (state != 'open' OR next_look_at IS NOT NULL), 
	CONSTRAINT ck_contacts_only_open_is_watched CHECK (state = 'open' OR next_look_at IS NULL), 
	CONSTRAINT ck_contacts_state_known CHECK (state IN ('open', 'answered', 'closed', 'logged')), 
	CONSTRAINT uq_contacts_reference UNIQUE (reference)
);
INSERT INTO "contacts" VALUES(1,'EX-MJ8X-36PX','inbox','<first.1@residents.example>','answered','acknowledge','24 person','a person wrote',NULL,'','','front-office',NULL,'general','1','10 working days','england','same day','2026-01-10 09:00:01.028302','2026-01-12 23:59:59.000000','2026-01-10 09:00:01.067789','2026-01-23 23:59:59.000000','2026-01-12 09:00:02.722207',0,0,NULL,1);
INSERT INTO "contacts" VALUES(2,'EX-74KV-5C98','inbox','<first.2@residents.example>','answered','acknowledge','24 person','a person wrote','resident2@residents.example','Sam Resident 2','Street light 2','front-office',NULL,'general','1','10 working days','england','same day','2026-11-02 09:00:00.029152','2026-11-03 23:59:59.000000','2026-11-02 09:00:00.060562','2026-11-16 23:59:59.000000','2026-11-02 09:00:01.393741',0,0,NULL,0);
INSERT INTO "contacts" VALUES(3,'EX-VMVR-7JYX','inbox','<first.3@residents.example>','answered','acknowledge','24 person','a person wrote','resident3@residents.example','Sam Resident 3','Street light 3','front-office',NULL,'general','1','10 working days','england','same day','2026-11-02 09:00:00.057644','2026-11-03 23:59:59.000000','2026-11-02 09:00:00.066617','2026-11-16 23:59:59.000000','2026-11-02 09:00:03.093798',0,0,NULL,0);
INSERT INTO "contacts" VALUES(4,'EX-G65Q-9QM3','inbox','<first.4@residents.example>','open','acknowledge','24 person','a person wrote','resident4@residents.example','Sam Resident 4','Street light 4','front-office',NULL,'general','1','10 working days','england','same day','2026-11-02 09:00:00.069104','2026-11-03 23:59:59.000000','2026-11-02 09:00:00.074799','2026-11-16 23:59:59.000000',NULL,0,4,'2026-11-24 00:00:00.000000',0);
INSERT INTO "contacts" VALUES(5,'EX-3RFM-FW8K','inbox','<first.5@residents.example>','open','acknowledge','24 person','a person wrote','resident5@residents.example','Sam Resident 5','Street light 5','front-office',NULL,'general','1','10 working days','england','same day','2026-11-02 09:00:00.077578','2026-11-03 23:59:59.000000','2026-11-02 09:00:00.083938','2026-11-16 23:59:59.000000',NULL,0,4,'2026-11-24 00:00:00.000000',0);
INSERT INTO "contacts" VALUES(6,'EX-P8QJ-H3YQ','inbox','<first.6@residents.example>','open','acknowledge','24 person','a person wrote','resident6@residents.example','Sam Resident 6','Street light 6','front-office',NULL,'general','1','10 working days','england','same day','2026-11-02 09:00:00.085472','2026-11-03 23:59:59.000000','2026-11-02 09:00:00.094630','2026-11-16 23:59:59.000000',NULL,0,4,'2026-11-24 00:00:00.000000',0);
INSERT INTO "contacts" VALUES(7,'EX-8VYG-K7M7','inbox','<first.7@residents.example>','logged','log','13 system sender','nobody reads what is sent to its sender','noreply@shop.example','Sam Resident 7','Your order','front-office',NULL,NULL,NULL,'','','','2026-11-02 09:00:00.092415',NULL,NULL,NULL,NULL,0,0,NULL,0);
INSERT INTO "contacts" VALUES(8,'EX-WC8F-PF8H','inbox','<first.8@residents.example>','logged','log','12 list or bulk mail','it went to many people at once','news@shop.example','Sam Resident 8','News','front-office',NULL,NULL,NULL,'','','','2026-11-02 09:00:00.099110',NULL,NULL,NULL,NULL,0,0,NULL,0);
INSERT INTO "contacts" VALUES(9,'EX-HXJ9-RKX2','inbox','<first.9@residents.example>','open','acknowledge','24 person','a person wrote','dr.o@residents.example','Sam Resident 9','Umzug','front-office',NULL,'general','1','10 working days','england','same day','2026-11-02 09:00:00.103966','2026-11-03 23:59:59.000000','2026-11-02 09:00:00.109835','2026-11-16 23:59:59.000000',NULL,0,4,'2026-11-24 00:00:00.000000',0);
INSERT INTO "contacts" VALUES(10,'EX-4HV7-VRKC','website','wkFoQh53v8pq-c5HhkAl9Q.b5c4aec2b9c88ec1','open','acknowledge','24 person','a person wrote','sam@residents.example','Sam','','front-office',NULL,'general','1','10 working days','england','same day','2026-11-02 09:00:00.138632','2026-11-03 23:59:59.000000','2026-11-02 09:00:00.155446','2026-11-16 23:59:59.000000',NULL,0,4,'2026-11-24 00:00:00.000000',0);
INSERT INTO "contacts" VALUES(11,'EX-Q256-XX7M','inbox','<first.11@residents.example>','open','acknowledge','24 person','a person wrote','resident11@residents.example','Sam Resident 11','Street light 11','front-office',NULL,'general','1','10 working days','england','same day','2026-11-02 09:00:03.476543','2026-11-03 23:59:59.000000',NULL,'2026-11-16 23:59:59.000000',NULL,2,4,'2026-11-24 00:00:00.000000',0);
INSERT INTO "contacts" VALUES(12,'EX-9KF4-25XH','inbox','<first.12@residents.example>','open','acknowledge','24 person','a person wrote','resident12@residents.example','Sam Resident 12','Street light 12','front-office',NULL,'general','1','10 working days','england','same day','2026-11-23 06:00:00.999225','2026-11-24 23:59:59.000000','2026-11-23 06:00:01.028822','2026-12-07 23:59:59.000000',NULL,0,0,'2026-11-23 06:15:00.999225',0);
INSERT INTO "contacts" VALUES(13,'EX-X4Q2-49KY','inbox','<first.13@residents.example>','open','acknowledge','24 person','a person wrote','resident13@residents.example','Sam Resident 13','Street light 13','front-office',NULL,'general','1','10 working days','england','same day','2026-11-23 06:00:01.041312','2026-11-24 23:59:59.000000',NULL,'2026-12-07 23:59:59.000000',NULL,0,0,'2026-11-23 06:15:01.041312',0);
INSERT INTO "contacts" VALUES(14,'EX-JPYX-5H7R','inbox','<first.14@residents.example>','open','acknowledge','24 person','a person wrote','resident14@residents.example','Sam Resident 14','Street light 14','front-office',NULL,'general','1','10 working days','england','same day','2026-11-23 06:00:01.051374','2026-11-24 23:59:59.000000',NULL,'2026-12-07 23:59:59.000000',NULL,0,0,'2026-11-23 06:15:01.051374',0);
CREATE TABLE cursors (
	name VARCHAR(60) NOT NULL, 
	value TEXT NOT NULL, 
	moved_at DATETIME NOT NULL, 
	CONSTRAINT pk_cursors PRIMARY KEY (name)
);
INSERT INTO "cursors" VALUES('probe','2026-11-23T06:00:00.991153+00:00','2026-11-23 06:00:00.991179');
CREATE TABLE deliveries (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	"key" TEXT NOT NULL, 
	contact_id INTEGER, 
	purpose VARCHAR(24) NOT NULL, 
	step VARCHAR(40) NOT NULL, 
	channel VARCHAR(40) NOT NULL, 
	recipient TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	details TEXT DEFAULT '{}' NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	attempts INTEGER DEFAULT '0' NOT NULL, 
	created_at DATETIME NOT NULL, 
	next_attempt_at DATETIME, 
	sent_at DATETIME, 
	last_error TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT fk_deliveries_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id), 
	CONSTRAINT uq_deliveries_key UNIQUE ("key"), 
	CONSTRAINT uq_deliveries_message_id UNIQUE (message_id)
);
INSERT INTO "deliveries" VALUES(1,'1:acknowledgement',1,'acknowledgement','','post','','<ack.ex-mj8x-36px.961a8c78d562@example.gov.uk>','{}','sent',1,'2026-01-10 09:00:01.028302',NULL,'2026-01-10 09:00:01.067789','');
INSERT INTO "deliveries" VALUES(2,'digest:front-office:2026-01-12:front.office@example.gov.uk',NULL,'digest','2026-01-12','post','front.office@example.gov.uk','<digest.d92898499d2fdb01fe71@example.gov.uk>','{"team": "front-office"}','cancelled',1,'2026-01-12 09:00:00.030575',NULL,NULL,'');
INSERT INTO "deliveries" VALUES(3,'digest:front-office:2026-11-02:front.office@example.gov.uk',NULL,'digest','2026-11-02','post','front.office@example.gov.uk','<digest.f0e94bdf89de5fc5deaf@example.gov.uk>','{"team": "front-office"}','cancelled',1,'2026-11-02 09:00:00.014390',NULL,NULL,'');
INSERT INTO "deliveries" VALUES(4,'2:acknowledgement',2,'acknowledgement','','post','resident2@residents.example','<ack.ex-74kv-5c98.f768dd744e23@example.gov.uk>','{"reply_to": "customer.services@example.gov.uk", "in_reply_to": "<first.2@residents.example>", "references": ["<first.2@residents.example>"]}','sent',1,'2026-11-02 09:00:00.029152',NULL,'2026-11-02 09:00:00.060562','');
INSERT INTO "deliveries" VALUES(5,'3:acknowledgement',3,'acknowledgement','','post','resident3@residents.example','<ack.ex-vmvr-7jyx.9bf9e689701c@example.gov.uk>','{"reply_to": "customer.services@example.gov.uk", "in_reply_to": "<first.3@residents.example>", "references": ["<first.3@residents.example>"]}','sent',1,'2026-11-02 09:00:00.057644',NULL,'2026-11-02 09:00:00.066617','');
INSERT INTO "deliveries" VALUES(6,'4:acknowledgement',4,'acknowledgement','','post','resident4@residents.example','<ack.ex-g65q-9qm3.acfc21658b97@example.gov.uk>','{"reply_to": "customer.services@example.gov.uk", "in_reply_to": "<first.4@residents.example>", "references": ["<first.4@residents.example>"]}','sent',1,'2026-11-02 09:00:00.069104',NULL,'2026-11-02 09:00:00.074799','');
INSERT INTO "deliveries" VALUES(7,'5:acknowledgement',5,'acknowledgement','','post','resident5@residents.example','<ack.ex-3rfm-fw8k.19fbc1bba761@example.gov.uk>','{"reply_to": "customer.services@example.gov.uk", "in_reply_to": "<first.5@residents.example>", "references": ["<first.5@residents.example>"]}','sent',1,'2026-11-02 09:00:00.077578',NULL,'2026-11-02 09:00:00.083938','');
INSERT INTO "deliveries" VALUES(8,'6:acknowledgement',6,'acknowledgement','','post','resident6@residents.example','<ack.ex-p8qj-h3yq.8b9b45f7d092@example.gov.uk>','{"reply_to": "customer.services@example.gov.uk", "in_reply_to": "<first.6@residents.example>", "references": ["<first.6@residents.example>"]}','sent',1,'2026-11-02 09:00:00.085472',NULL,'2026-11-02 09:00:00.094630','');
INSERT INTO "deliveries" VALUES(9,'9:acknowledgement',9,'acknowledgement','','post','dr.o@residents.example','<ack.ex-hxj9-rkx2.a6d529f7d3d3@example.gov.uk>','{"reply_to": "customer.services@example.gov.uk", "in_reply_to": "<first.9@residents.example>", "references": ["<first.9@residents.example>"]}','sent',1,'2026-11-02 09:00:00.103966',NULL,'2026-11-02 09:00:00.109835','');
INSERT INTO "deliveries" VALUES(10,'10:acknowledgement',10,'acknowledgement','','post','sam@residents.example','<ack.ex-4hv7-vrkc.5195c79cbaaa@example.gov.uk>','{"reply_to": "", "in_reply_to": "", "references": []}','sent',1,'2026-11-02 09:00:00.138632',NULL,'2026-11-02 09:00:00.155446','');
INSERT INTO "deliveries" VALUES(11,'11:acknowledgement',11,'acknowledgement','','post','resident11@residents.example','<ack.ex-q256-xx7m.8cf10a99976d@example.gov.uk>','{"reply_to": "customer.services@example.gov.uk", "in_reply_to": "<first.11@residents.example>", "references": ["<first.11@residents.example>"]}','permanent-failure',1,'2026-11-02 09:00:03.476543',NULL,NULL,'Permanent: 500 5.3.0 Error: command failed (about the recipient)');
INSERT INTO "deliveries" VALUES(12,'notice:undelivered:11:front.office@example.gov.uk',NULL,'notice','','post','front.office@example.gov.uk','<notice.9fe73f89ecc4e85f32a7@example.gov.uk>','{"subject": "EX-Q256-XX7M: our acknowledgement could not be delivered", "happened": "The person who wrote in EX-Q256-XX7M has not had our acknowledgement. The mail server said: 500 5.3.0 Error: command failed (about the recipient)", "action": "Reach this person another way. See the details with: ackbot contacts show EX-Q256-XX7M"}','sent',2,'2026-11-02 09:00:03.483983',NULL,'2026-11-20 02:02:22.852928','');
INSERT INTO "deliveries" VALUES(13,'4:alert:respond-due:front.office@example.gov.uk',4,'alert','respond-due','post','front.office@example.gov.uk','<alert.95625cd202d10db4791d@example.gov.uk>','{}','sent',1,'2026-11-20 02:00:35.786128',NULL,'2026-11-20 02:03:07.679358','');
INSERT INTO "deliveries" VALUES(14,'5:alert:respond-due:front.office@example.gov.uk',5,'alert','respond-due','post','front.office@example.gov.uk','<alert.45c3cdb63a59269e3e41@example.gov.uk>','{}','sent',1,'2026-11-20 02:00:35.786128',NULL,'2026-11-20 02:03:20.609474','');
INSERT INTO "deliveries" VALUES(15,'6:alert:respond-due:front.office@example.gov.uk',6,'alert','respond-due','post','front.office@example.gov.uk','<alert.0e152a0857fcbb5ff33d@example.gov.uk>','{}','sent',1,'2026-11-20 02:00:35.786128',NULL,'2026-11-20 02:03:23.643274','');
INSERT INTO "deliveries" VALUES(16,'9:alert:respond-due:front.office@example.gov.uk',9,'alert','respond-due','post','front.office@example.gov.uk','<alert.3aeff80e2d64a8859e97@example.gov.uk>','{}','sent',1,'2026-11-20 02:00:35.786128',NULL,'2026-11-20 02:03:23.731567','');
INSERT INTO "deliveries" VALUES(17,'10:alert:respond-due:front.office@example.gov.uk',10,'alert','respond-due','post','front.office@example.gov.uk','<alert.f003925b022c8f85a042@example.gov.uk>','{}','sent',1,'2026-11-20 02:00:35.786128',NULL,'2026-11-20 02:03:23.788264','');
INSERT INTO "deliveries" VALUES(18,'11:alert:acknowledge-due:front.office@example.gov.uk',11,'alert','acknowledge-due','post','front.office@example.gov.uk','<alert.79d24a09e7af9f539cfa@example.gov.uk>','{}','sent',1,'2026-11-20 02:00:35.786128',NULL,'2026-11-20 02:03:23.840453','');
INSERT INTO "deliveries" VALUES(19,'11:alert:respond-due:front.office@example.gov.uk',11,'alert','respond-due','post','front.office@example.gov.uk','<alert.6687478ad057628361c7@example.gov.uk>','{}','sent',1,'2026-11-20 02:00:35.786128',NULL,'2026-11-20 02:03:23.922184','');
INSERT INTO "deliveries" VALUES(20,'digest:front-office:2026-11-20:front.office@example.gov.uk',NULL,'digest','2026-11-20','post','front.office@example.gov.uk','<digest.b543bf15c641e7fa148e@example.gov.uk>','{"team": "front-office"}','sent',1,'2026-11-20 08:30:06.033416',NULL,'2026-11-20 08:31:20.721101','');
INSERT INTO "deliveries" VALUES(21,'12:acknowledgement',12,'acknowledgement','','post','resident12@residents.example','<ack.ex-9kf4-25xh.2335a5261c77@example.gov.uk>','{"reply_to": "customer.services@example.gov.uk", "in_reply_to": "<first.12@residents.example>", "references": ["<first.12@residents.example>"]}','sent',1,'2026-11-23 06:00:00.999225',NULL,'2026-11-23 06:00:01.028822','');
INSERT INTO "deliveries" VALUES(22,'13:acknowledgement',13,'acknowledgement','','post','resident13@residents.example','<ack.ex-x4q2-49ky.3e8f4fac51bc@example.gov.uk>','{"reply_to": "customer.services@example.gov.uk", "in_reply_to": "<first.13@residents.example>", "references": ["<first.13@residents.example>"]}','temporary-failure',1,'2026-11-23 06:00:01.041312','2026-11-23 06:00:06.047246',NULL,'Temporary: channel post: the mail server 127.0.0.1 port 26348 cannot be reached (Connection refused)');
INSERT INTO "deliveries" VALUES(23,'14:acknowledgement',14,'acknowledgement','','post','resident14@residents.example','<ack.ex-jpyx-5h7r.0278e6d49e6c@example.gov.uk>','{"reply_to": "customer.services@example.gov.uk", "in_reply_to": "<first.14@residents.example>", "references": ["<first.14@residents.example>"]}','temporary-failure',1,'2026-11-23 06:00:01.051374','2026-11-23 06:00:06.056277',NULL,'Temporary: channel post: the mail server 127.0.0.1 port 26348 cannot be reached (Connection refused)');
CREATE TABLE events (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	contact_id INTEGER, 
	at DATETIME NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	actor VARCHAR(80) DEFAULT 'ackbot' NOT NULL, 
	details TEXT DEFAULT '{}' NOT NULL, 
	CONSTRAINT fk_events_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id)
);
INSERT INTO "events" VALUES(1,1,'2026-01-10 09:00:01.028302','logged','ackbot','{"outcome": "acknowledge", "rule": "24 person", "reason": "a person wrote"}');
INSERT INTO "events" VALUES(2,1,'2026-01-10 09:00:01.067789','acknowledgement sent','ackbot','{"purpose": "acknowledgement", "step": "", "attempt": 1}');
INSERT INTO "events" VALUES(3,1,'2026-01-12 09:00:02.722207','responded','staff:root','{"note": "", "cancelled_deliveries": 0}');
INSERT INTO "events" VALUES(4,2,'2026-11-02 09:00:00.029152','logged','ackbot','{"outcome": "acknowledge", "rule": "24 person", "reason": "a person wrote"}');
INSERT INTO "events" VALUES(5,3,'2026-11-02 09:00:00.057644','logged','ackbot','{"outcome": "acknowledge", "rule": "24 person", "reason": "a person wrote"}');
INSERT INTO "events" VALUES(6,2,'2026-11-02 09:00:00.060562','acknowledgement sent','ackbot','{"purpose": "acknowledgement", "step": "", "attempt": 1}');
INSERT INTO "events" VALUES(7,3,'2026-11-02 09:00:00.066617','acknowledgement sent','ackbot','{"purpose": "acknowledgement", "step": "", "attempt": 1}');
INSERT INTO "events" VALUES(8,4,'2026-11-02 09:00:00.069104','logged','ackbot','{"outcome": "acknowledge", "rule": "24 person", "reason": "a person wrote"}');
INSERT INTO "events" VALUES(9,4,'2026-11-02 09:00:00.074799','acknowledgement sent','ackbot','{"purpose": "acknowledgement", "step": "", "attempt": 1}');
INSERT INTO "events" VALUES(10,5,'2026-11-02 09:00:00.077578','logged','ackbot','{"outcome": "acknowledge", "rule": "24 person", "reason": "a person wrote"}');
INSERT INTO "events" VALUES(11,5,'2026-11-02 09:00:00.083938','acknowledgement sent','ackbot','{"purpose": "acknowledgement", "step": "", "attempt": 1}');
INSERT INTO "events" VALUES(12,6,'2026-11-02 09:00:00.085472','logged','ackbot','{"outcome": "acknowledge", "rule": "24 person", "reason": "a person wrote"}');
INSERT INTO "events" VALUES(13,7,'2026-11-02 09:00:00.092415','logged','ackbot','{"outcome": "log", "rule": "13 system sender", "reason": "nobody reads what is sent to its sender"}');
INSERT INTO "events" VALUES(14,6,'2026-11-02 09:00:00.094630','acknowledgement sent','ackbot','{"purpose": "acknowledgement", "step": "", "attempt": 1}');
INSERT INTO "events" VALUES(15,8,'2026-11-02 09:00:00.099110','logged','ackbot','{"outcome": "log", "rule": "12 list or bulk mail", "reason": "it went to many people at once"}');
INSERT INTO "events" VALUES(16,9,'2026-11-02 09:00:00.103966','logged','ackbot','{"outcome": "acknowledge", "rule": "24 person", "reason": "a person wrote"}');
INSERT INTO "events" VALUES(17,9,'2026-11-02 09:00:00.109835','acknowledgement sent','ackbot','{"purpose": "acknowledgement", "step": "", "attempt": 1}');
INSERT INTO "events" VALUES(18,10,'2026-11-02 09:00:00.138632','logged','ackbot','{"outcome": "acknowledge", "rule": "24 person", "reason": "a person wrote"}');
INSERT INTO "events" VALUES(19,10,'2026-11-02 09:00:00.155446','acknowledgement sent','ackbot','{"purpose": "acknowledgement", "step": "", "attempt": 1}');
INSERT INTO "events" VALUES(20,2,'2026-11-02 09:00:01.393741','responded','staff:root','{"note": "", "cancelled_deliveries": 0}');
INSERT INTO "events" VALUES(21,3,'2026-11-02 09:00:03.093798','responded','staff:root','{"note": "", "cancelled_deliveries": 0}');
INSERT INTO "events" VALUES(22,11,'2026-11-02 09:00:03.476543','logged','ackbot','{"outcome": "acknowledge", "rule": "24 person", "reason": "a person wrote"}');
INSERT INTO "events" VALUES(23,11,'2026-11-02 09:00:03.483983','acknowledgement permanent-failure','ackbot','{"purpose": "acknowledgement", "step": "", "attempt": 1, "error": "500 5.3.0 Error: command failed (about the recipient)"}');
INSERT INTO "events" VALUES(24,4,'2026-11-20 02:00:35.786128','escalated','ackbot','{"step": "respond-due"}');
INSERT INTO "events" VALUES(25,5,'2026-11-20 02:00:35.786128','escalated','ackbot','{"step": "respond-due"}');
INSERT INTO "events" VALUES(26,6,'2026-11-20 02:00:35.786128','escalated','ackbot','{"step": "respond-due"}');
INSERT INTO "events" VALUES(27,9,'2026-11-20 02:00:35.786128','escalated','ackbot','{"step": "respond-due"}');
INSERT INTO "events" VALUES(28,10,'2026-11-20 02:00:35.786128','escalated','ackbot','{"step": "respond-due"}');
INSERT INTO "events" VALUES(29,11,'2026-11-20 02:00:35.786128','escalated','ackbot','{"step": "acknowledge-due"}');
INSERT INTO "events" VALUES(30,11,'2026-11-20 02:00:35.786128','escalated','ackbot','{"step": "respond-due"}');
INSERT INTO "events" VALUES(31,4,'2026-11-20 02:03:07.679358','alert sent','ackbot','{"purpose": "alert", "step": "respond-due", "attempt": 1}');
INSERT INTO "events" VALUES(32,5,'2026-11-20 02:03:20.609474','alert sent','ackbot','{"purpose": "alert", "step": "respond-due", "attempt": 1}');
INSERT INTO "events" VALUES(33,6,'2026-11-20 02:03:23.643274','alert sent','ackbot','{"purpose": "alert", "step": "respond-due", "attempt": 1}');
INSERT INTO "events" VALUES(34,9,'2026-11-20 02:03:23.731567','alert sent','ackbot','{"purpose": "alert", "step": "respond-due", "attempt": 1}');
INSERT INTO "events" VALUES(35,10,'2026-11-20 02:03:23.788264','alert sent','ackbot','{"purpose": "alert", "step": "respond-due", "attempt": 1}');
INSERT INTO "events" VALUES(36,11,'2026-11-20 02:03:23.840453','alert sent','ackbot','{"purpose": "alert", "step": "acknowledge-due", "attempt": 1}');
INSERT INTO "events" VALUES(37,11,'2026-11-20 02:03:23.922184','alert sent','ackbot','{"purpose": "alert", "step": "respond-due", "attempt": 1}');
INSERT INTO "events" VALUES(38,1,'2026-11-20 03:10:11.719866','forgotten','ackbot','{}');
INSERT INTO "events" VALUES(39,12,'2026-11-23 06:00:00.999225','logged','ackbot','{"outcome": "acknowledge", "rule": "24 person", "reason": "a person wrote"}');
INSERT INTO "events" VALUES(40,12,'2026-11-23 06:00:01.028822','acknowledgement sent','ackbot','{"purpose": "acknowledgement", "step": "", "attempt": 1}');
INSERT INTO "events" VALUES(41,13,'2026-11-23 06:00:01.041312','logged','ackbot','{"outcome": "acknowledge", "rule": "24 person", "reason": "a person wrote"}');
INSERT INTO "events" VALUES(42,13,'2026-11-23 06:00:01.047246','acknowledgement temporary-failure','ackbot','{"purpose": "acknowledgement", "step": "", "attempt": 1, "error": "channel post: the mail server 127.0.0.1 port 26348 cannot be reached (Connection refused)"}');
INSERT INTO "events" VALUES(43,14,'2026-11-23 06:00:01.051374','logged','ackbot','{"outcome": "acknowledge", "rule": "24 person", "reason": "a person wrote"}');
INSERT INTO "events" VALUES(44,14,'2026-11-23 06:00:01.056277','acknowledgement temporary-failure','ackbot','{"purpose": "acknowledgement", "step": "", "attempt": 1, "error": "channel post: the mail server 127.0.0.1 port 26348 cannot be reached (Connection refused)"}');
CREATE TABLE messages (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	contact_id INTEGER NOT NULL, 
	channel VARCHAR(40) NOT NULL, 
	external_id TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	received_at DATETIME NOT NULL, 
	sender_address TEXT, 
	text TEXT NOT NULL, 
	fields TEXT DEFAULT '{}' NOT NULL, 
	fault TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT fk_messages_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id), 
	CONSTRAINT uq_messages_channel_external_id UNIQUE (channel, external_id)
);
INSERT INTO "messages" VALUES(1,1,'inbox','<first.1@residents.example>','<first.1@residents.example>','bc2735c272002f9e22dea4907d2ad44ae058e39861ba0828916fbdb0fa2fa6c5','2026-01-10 09:00:01.028302',NULL,'','{}','');
INSERT INTO "messages" VALUES(2,2,'inbox','<first.2@residents.example>','<first.2@residents.example>','bc2735c272002f9e22dea4907d2ad44ae058e39861ba0828916fbdb0fa2fa6c5','2026-11-02 09:00:00.029152','resident2@residents.example','It is out.
','{}','');
INSERT INTO "messages" VALUES(3,3,'inbox','<first.3@residents.example>','<first.3@residents.example>','bc2735c272002f9e22dea4907d2ad44ae058e39861ba0828916fbdb0fa2fa6c5','2026-11-02 09:00:00.057644','resident3@residents.example','It is out.
','{}','');
INSERT INTO "messages" VALUES(4,4,'inbox','<first.4@residents.example>','<first.4@residents.example>','bc2735c272002f9e22dea4907d2ad44ae058e39861ba0828916fbdb0fa2fa6c5','2026-11-02 09:00:00.069104','resident4@residents.example','It is out.
','{}','');
INSERT INTO "messages" VALUES(5,5,'inbox','<first.5@residents.example>','<first.5@residents.example>','bc2735c272002f9e22dea4907d2ad44ae058e39861ba0828916fbdb0fa2fa6c5','2026-11-02 09:00:00.077578','resident5@residents.example','It is out.
','{}','');
INSERT INTO "messages" VALUES(6,6,'inbox','<first.6@residents.example>','<first.6@residents.example>','bc2735c272002f9e22dea4907d2ad44ae058e39861ba0828916fbdb0fa2fa6c5','2026-11-02 09:00:00.085472','resident6@residents.example','It is out.
','{}','');
INSERT INTO "messages" VALUES(7,7,'inbox','<first.7@residents.example>','<first.7@residents.example>','bc2735c272002f9e22dea4907d2ad44ae058e39861ba0828916fbdb0fa2fa6c5','2026-11-02 09:00:00.092415','noreply@shop.example','It is out.
','{}','');
INSERT INTO "messages" VALUES(8,8,'inbox','<first.8@residents.example>','<first.8@residents.example>','bc2735c272002f9e22dea4907d2ad44ae058e39861ba0828916fbdb0fa2fa6c5','2026-11-02 09:00:00.099110','news@shop.example','It is out.
','{}','');
INSERT INTO "messages" VALUES(9,9,'inbox','<first.9@residents.example>','<first.9@residents.example>','1586733db944f0b94c6ef255f437fa0aa64936c11c9174f75a4698811d51fac7','2026-11-02 09:00:00.103966','dr.o@residents.example','Grüße, it costs £5.
','{}','');
INSERT INTO "messages" VALUES(10,10,'website','wkFoQh53v8pq-c5HhkAl9Q.b5c4aec2b9c88ec1','wkFoQh53v8pq-c5HhkAl9Q.b5c4aec2b9c88ec1','b5c4aec2b9c88ec15beb7431a4e6d1ccb9d7551a8d08338f3658fa37be4e5a56','2026-11-02 09:00:00.138632','sam@residents.example','The bin was not emptied.','{"name": "Sam", "phone": "", "email": "sam@residents.example"}','');
INSERT INTO "messages" VALUES(11,11,'inbox','<first.11@residents.example>','<first.11@residents.example>','bc2735c272002f9e22dea4907d2ad44ae058e39861ba0828916fbdb0fa2fa6c5','2026-11-02 09:00:03.476543','resident11@residents.example','It is out.
','{}','');
INSERT INTO "messages" VALUES(12,12,'inbox','<first.12@residents.example>','<first.12@residents.example>','bc2735c272002f9e22dea4907d2ad44ae058e39861ba0828916fbdb0fa2fa6c5','2026-11-23 06:00:00.999225','resident12@residents.example','It is out.
','{}','');
INSERT INTO "messages" VALUES(13,13,'inbox','<first.13@residents.example>','<first.13@residents.example>','bc2735c272002f9e22dea4907d2ad44ae058e39861ba0828916fbdb0fa2fa6c5','2026-11-23 06:00:01.041312','resident13@residents.example','It is out.
','{}','');
INSERT INTO "messages" VALUES(14,14,'inbox','<first.14@residents.example>','<first.14@residents.example>','bc2735c272002f9e22dea4907d2ad44ae058e39861ba0828916fbdb0fa2fa6c5','2026-11-23 06:00:01.051374','resident14@residents.example','It is out.
','{}','');
CREATE TABLE raw_messages (
	message_id INTEGER NOT NULL, 
	raw BLOB NOT NULL, 
	CONSTRAINT pk_raw_messages PRIMARY KEY (message_id), 
	CONSTRAINT fk_raw_messages_message_id FOREIGN KEY(message_id) REFERENCES messages (id)
);
INSERT INTO "raw_messages" VALUES(2,X'46726F6D3A2053616D205265736964656E742032203C7265736964656E7432407265736964656E74732E6578616D706C653E0D0A546F3A20637573746F6D65722E7365727669636573406578616D706C652E676F762E756B0D0A5375626A6563743A20537472656574206C6967687420320D0A4D6573736167652D49443A203C66697273742E32407265736964656E74732E6578616D706C653E0D0A446174653A204D6F6E2C203032204E6F7620323032362030393A30303A3030202B303030300D0A0D0A4974206973206F75742E0D0A');
INSERT INTO "raw_messages" VALUES(3,X'46726F6D3A2053616D205265736964656E742033203C7265736964656E7433407265736964656E74732E6578616D706C653E0D0A546F3A20637573746F6D65722E7365727669636573406578616D706C652E676F762E756B0D0A5375626A6563743A20537472656574206C6967687420330D0A4D6573736167652D49443A203C66697273742E33407265736964656E74732E6578616D706C653E0D0A446174653A204D6F6E2C203032204E6F7620323032362030393A30303A3030202B303030300D0A0D0A4974206973206F75742E0D0A');
INSERT INTO "raw_messages" VALUES(4,X'46726F6D3A2053616D205265736964656E742034203C7265736964656E7434407265736964656E74732E6578616D706C653E0D0A546F3A20637573746F6D65722E7365727669636573406578616D706C652E676F762E756B0D0A5375626A6563743A20537472656574206C6967687420340D0A4D6573736167652D49443A203C66697273742E34407265736964656E74732E6578616D706C653E0D0A446174653A204D6F6E2C203032204E6F7620323032362030393A30303A3030202B303030300D0A0D0A4974206973206F75742E0D0A');
INSERT INTO "raw_messages" VALUES(5,X'46726F6D3A2053616D205265736964656E742035203C7265736964656E7435407265736964656E74732E6578616D706C653E0D0A546F3A20637573746F6D65722E7365727669636573406578616D706C652E676F762E756B0D0A5375626A6563743A20537472656574206C6967687420350D0A4D6573736167652D49443A203C66697273742E35407265736964656E74732E6578616D706C653E0D0A446174653A204D6F6E2C203032204E6F7620323032362030393A30303A3030202B303030300D0A0D0A4974206973206F75742E0D0A');
INSERT INTO "raw_messages" VALUES(6,X'46726F6D3A2053616D205265736964656E742036203C7265736964656E7436407265736964656E74732E6578616D706C653E0D0A546F3A20637573746F6D65722E7365727669636573406578616D706C652E676F762E756B0D0A5375626A6563743A20537472656574206C6967687420360D0A4D6573736167652D49443A203C66697273742E36407265736964656E74732E6578616D706C653E0D0A446174653A204D6F6E2C203032204E6F7620323032362030393A30303A3030202B303030300D0A0D0A4974206973206F75742E0D0A');
INSERT INTO "raw_messages" VALUES(7,X'46726F6D3A2053616D205265736964656E742037203C6E6F7265706C794073686F702E6578616D706C653E0D0A546F3A20637573746F6D65722E7365727669636573406578616D706C652E676F762E756B0D0A5375626A6563743A20596F7572206F726465720D0A4D6573736167652D49443A203C66697273742E37407265736964656E74732E6578616D706C653E0D0A446174653A204D6F6E2C203032204E6F7620323032362030393A30303A3030202B303030300D0A0D0A4974206973206F75742E0D0A');
INSERT INTO "raw_messages" VALUES(8,X'46726F6D3A2053616D205265736964656E742038203C6E6577734073686F702E6578616D706C653E0D0A546F3A20637573746F6D65722E7365727669636573406578616D706C652E676F762E756B0D0A5375626A6563743A204E6577730D0A4D6573736167652D49443A203C66697273742E38407265736964656E74732E6578616D706C653E0D0A446174653A204D6F6E2C203032204E6F7620323032362030393A30303A3030202B303030300D0A4C6973742D556E7375627363726962653A203C6D61696C746F3A6F66664073686F702E6578616D706C653E0D0A507265636564656E63653A2062756C6B0D0A0D0A4974206973206F75742E0D0A');
INSERT INTO "raw_messages" VALUES(9,X'46726F6D3A2053616D205265736964656E742039203C64722E6F407265736964656E74732E6578616D706C653E0D0A546F3A20637573746F6D65722E7365727669636573406578616D706C652E676F762E756B0D0A5375626A6563743A20556D7A75670D0A4D6573736167652D49443A203C66697273742E39407265736964656E74732E6578616D706C653E0D0A446174653A204D6F6E2C203032204E6F7620323032362030393A30303A3030202B303030300D0A0D0A4772C3BCC39F652C20697420636F73747320C2A3352E0D0A');
INSERT INTO "raw_messages" VALUES(10,X'7B226E616D65223A202253616D222C2022656D61696C223A202273616D407265736964656E74732E6578616D706C65222C202270686F6E65223A2022222C20226D657373616765223A20225468652062696E20776173206E6F7420656D70746965642E227D');
INSERT INTO "raw_messages" VALUES(11,X'46726F6D3A2053616D205265736964656E74203131203C7265736964656E743131407265736964656E74732E6578616D706C653E0D0A546F3A20637573746F6D65722E7365727669636573406578616D706C652E676F762E756B0D0A5375626A6563743A20537472656574206C696768742031310D0A4D6573736167652D49443A203C66697273742E3131407265736964656E74732E6578616D706C653E0D0A446174653A204D6F6E2C203032204E6F7620323032362030393A30303A3030202B303030300D0A0D0A4974206973206F75742E0D0A');
INSERT INTO "raw_messages" VALUES(12,X'46726F6D3A2053616D205265736964656E74203132203C7265736964656E743132407265736964656E74732E6578616D706C653E0D0A546F3A20637573746F6D65722E7365727669636573406578616D706C652E676F762E756B0D0A5375626A6563743A20537472656574206C696768742031320D0A4D6573736167652D49443A203C66697273742E3132407265736964656E74732E6578616D706C653E0D0A446174653A204D6F6E2C203032204E6F7620323032362030393A30303A3030202B303030300D0A0D0A4974206973206F75742E0D0A');
INSERT INTO "raw_messages" VALUES(13,X'46726F6D3A2053616D205265736964656E74203133203C7265736964656E743133407265736964656E74732E6578616D706C653E0D0A546F3A20637573746F6D65722E7365727669636573406578616D706C652E676F762E756B0D0A5375626A6563743A20537472656574206C696768742031330D0A4D6573736167652D49443A203C66697273742E3133407265736964656E74732E6578616D706C653E0D0A446174653A204D6F6E2C203032204E6F7620323032362030393A30303A3030202B303030300D0A0D0A4974206973206F75742E0D0A');
INSERT INTO "raw_messages" VALUES(14,X'46726F6D3A2053616D205265736964656E74203134203C7265736964656E743134407265736964656E74732E6578616D706C653E0D0A546F3A20637573746F6D65722E7365727669636573406578616D706C652E676F762E756B0D0A5375626A6563743A20537472656574206C696768742031340D0A4D6573736167652D49443A203C66697273742E3134407265736964656E74732E6578616D706C653E0D0A446174653A204D6F6E2C203032204E6F7620323032362030393A30303A3030202B303030300D0A0D0A4974206973206F75742E0D0A');
CREATE TABLE shunted (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	channel VARCHAR(40) NOT NULL, 
	external_id TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	error TEXT NOT NULL, 
	raw BLOB NOT NULL, 
	CONSTRAINT uq_shunted_channel_external_id UNIQUE (channel, external_id)
);
INSERT INTO "shunted" VALUES(1,'inbox','<first.15@residents.example>','2026-11-23 06:01:00.000000','ValueError: no way to read this',X'46726F6D3A2053616D205265736964656E74203135203C7265736964656E743135407265736964656E74732E6578616D706C653E0D0A546F3A20637573746F6D65722E7365727669636573406578616D706C652E676F762E756B0D0A5375626A6563743A20537472656574206C696768742031350D0A4D6573736167652D49443A203C66697273742E3135407265736964656E74732E6578616D706C653E0D0A446174653A204D6F6E2C203032204E6F7620323032362030393A30303A3030202B303030300D0A0D0A4974206973206F75742E0D0A');
CREATE INDEX ix_contacts_next_look_at ON contacts (next_look_at) WHERE next_look_at IS NOT NULL;
CREATE INDEX ix_contacts_remembered ON contacts (received_at) WHERE forgotten = 0;
CREATE INDEX ix_deliveries_contact_id ON deliveries (contact_id);
CREATE INDEX ix_deliveries_waiting ON deliveries (channel, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX ix_events_contact_id ON events (contact_id);
CREATE INDEX ix_messages_contact_id ON messages (contact_id);
CREATE INDEX ix_messages_message_id ON messages (message_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('contacts',14);
INSERT INTO "sqlite_sequence" VALUES('messages',14);
INSERT INTO "sqlite_sequence" VALUES('events',44);
INSERT INTO "sqlite_sequence" VALUES('deliveries',23);
INSERT INTO "sqlite_sequence" VALUES('shunted',1);
COMMIT;
