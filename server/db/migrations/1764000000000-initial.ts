import type { MigrationInterface, QueryRunner } from 'typeorm';

const WORD = 'CHARACTER SET ascii COLLATE ascii_bin';
const TEXT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci';
const EXACT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';

/** The first schema. Checks and unique keys make the rules hold whoever writes. */
export class Initial1764000000000 implements MigrationInterface {
  name = 'Initial1764000000000';

  async up(db: QueryRunner): Promise<void> {
    await this.tables(db);
    await this.foreignKeys(db);
    // An empty installation has one plan, the default, without a seat limit.
    await db.query(
      `INSERT INTO plans (id, name, kind, isDefault, \`rank\`, features) VALUES ('free', 'Free', 'free', 1, 0, '[]')`,
    );
  }

  private async tables(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE audit_log (
      id varchar(64) ${WORD} NOT NULL,
      chain varchar(80) ${WORD} NOT NULL,
      seq int UNSIGNED NOT NULL,
      at datetime(3) NOT NULL,
      actorType varchar(16) ${WORD} NOT NULL,
      actorId varchar(64) ${WORD} NULL,
      action varchar(64) ${WORD} NOT NULL,
      resource varchar(32) ${WORD} NOT NULL,
      resourceId varchar(128) ${WORD} NOT NULL,
      tenantId varchar(64) ${WORD} NULL,
      \`changes\` json NOT NULL,
      reason varchar(500) ${TEXT} NULL,
      requestId varchar(64) ${WORD} NULL,
      personalHashes json NOT NULL,
      prevHash varchar(64) ${WORD} NOT NULL,
      hash varchar(64) ${WORD} NOT NULL,
      INDEX audit_log_action (action, at),
      INDEX audit_log_actor (actorId, at),
      INDEX audit_log_resource (resource, resourceId, at),
      INDEX audit_log_tenant (tenantId, at),
      INDEX audit_log_at (at, id),
      UNIQUE INDEX audit_log_chain (chain, seq),
      PRIMARY KEY (id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE audit_personal (
      entryId varchar(64) ${WORD} NOT NULL,
      field varchar(80) ${WORD} NOT NULL,
      salt varchar(64) ${WORD} NOT NULL,
      value varchar(500) ${TEXT} NOT NULL,
      PRIMARY KEY (entryId, field)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE audit_chains (
      chain varchar(80) ${WORD} NOT NULL,
      seq int UNSIGNED NOT NULL DEFAULT '0',
      hash varchar(64) ${EXACT} NOT NULL DEFAULT '',
      PRIMARY KEY (chain)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE checkouts (
      id varchar(128) ${WORD} NOT NULL,
      tenantId varchar(64) ${WORD} NOT NULL,
      planId varchar(64) ${WORD} NOT NULL,
      status varchar(16) ${WORD} NOT NULL DEFAULT 'open',
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      INDEX checkouts_tenant (tenantId, status),
      PRIMARY KEY (id),
      CONSTRAINT checkouts_status_known CHECK (status IN ('open', 'complete', 'expired'))
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE customer_leases (
      customerId varchar(64) ${WORD} NOT NULL,
      fence bigint UNSIGNED NOT NULL DEFAULT '0',
      holder varchar(64) ${WORD} NULL,
      expiresAt datetime(3) NOT NULL,
      PRIMARY KEY (customerId)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE findings (
      id varchar(64) ${WORD} NOT NULL,
      fingerprint varchar(200) ${WORD} NOT NULL,
      kind varchar(40) ${WORD} NOT NULL,
      severity varchar(16) ${WORD} NOT NULL,
      status varchar(16) ${WORD} NOT NULL DEFAULT 'open',
      tenantId varchar(64) ${WORD} NULL,
      customerId varchar(64) ${WORD} NULL,
      subscriptionId varchar(64) ${WORD} NULL,
      summary varchar(500) ${TEXT} NOT NULL,
      expected varchar(500) ${TEXT} NULL,
      actual varchar(500) ${TEXT} NULL,
      atRiskAmount bigint NULL,
      atRiskCurrency varchar(3) ${WORD} NULL,
      firstSeenAt datetime(3) NOT NULL,
      lastSeenAt datetime(3) NOT NULL,
      resolvedAt datetime(3) NULL,
      INDEX findings_customer (customerId, status),
      INDEX findings_first_seen (firstSeenAt, id),
      INDEX findings_last_seen (lastSeenAt, id),
      INDEX findings_tenant (tenantId, status),
      INDEX findings_status (status, lastSeenAt),
      UNIQUE INDEX findings_fingerprint (fingerprint),
      PRIMARY KEY (id),
      CONSTRAINT findings_status_known CHECK (status IN ('open', 'snoozed', 'dismissed', 'resolved'))
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE overrides (
      id varchar(64) ${WORD} NOT NULL,
      tenantId varchar(64) ${WORD} NOT NULL,
      planId varchar(64) ${WORD} NOT NULL,
      pin tinyint NOT NULL DEFAULT 0,
      reason varchar(500) ${TEXT} NOT NULL,
      startsAt datetime(3) NOT NULL,
      endsAt datetime(3) NOT NULL,
      endedAt datetime(3) NULL,
      createdByType varchar(16) ${WORD} NOT NULL,
      createdById varchar(64) ${WORD} NULL,
      createdByName varchar(120) ${TEXT} NOT NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      version int UNSIGNED NOT NULL DEFAULT '1',
      INDEX overrides_created (createdAt, id),
      INDEX overrides_ends (endsAt, id),
      INDEX overrides_tenant (tenantId, endsAt),
      PRIMARY KEY (id),
      CONSTRAINT overrides_ends_after_start CHECK (endsAt > startsAt)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE plan_changes (
      id varchar(64) ${WORD} NOT NULL,
      tenantId varchar(64) ${WORD} NOT NULL,
      fromPlanId varchar(64) ${WORD} NULL,
      toPlanId varchar(64) ${WORD} NOT NULL,
      source varchar(16) ${WORD} NOT NULL,
      reason varchar(500) ${TEXT} NOT NULL,
      subscriptionId varchar(64) ${WORD} NULL,
      eventId varchar(64) ${WORD} NULL,
      runId varchar(64) ${WORD} NULL,
      actorType varchar(16) ${WORD} NOT NULL,
      actorId varchar(64) ${WORD} NULL,
      actorName varchar(120) ${TEXT} NOT NULL,
      at datetime(3) NOT NULL,
      INDEX plan_changes_at (at, id),
      INDEX plan_changes_tenant (tenantId, at),
      PRIMARY KEY (id),
      CONSTRAINT plan_changes_source_known CHECK (source IN ('override', 'subscription', 'base'))
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE stripe_customers (
      id varchar(64) ${WORD} NOT NULL,
      tenantId varchar(64) ${WORD} NULL,
      unlinkedAt datetime(3) NULL,
      deleted tinyint NOT NULL DEFAULT 0,
      livemode tinyint NOT NULL DEFAULT 0,
      email varchar(254) ${TEXT} NULL,
      name varchar(255) ${TEXT} NULL,
      syncedAt datetime(3) NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      INDEX stripe_customers_tenant (tenantId),
      PRIMARY KEY (id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE stripe_events (
      id varchar(64) ${WORD} NOT NULL,
      type varchar(100) ${WORD} NOT NULL,
      customerId varchar(64) ${WORD} NULL,
      livemode tinyint NOT NULL DEFAULT 0,
      createdAt datetime(3) NOT NULL,
      receivedAt datetime(3) NOT NULL,
      status varchar(16) ${WORD} NOT NULL DEFAULT 'received',
      attempts int UNSIGNED NOT NULL DEFAULT '0',
      error varchar(500) ${TEXT} NULL,
      source varchar(16) ${WORD} NOT NULL DEFAULT 'webhook',
      processedAt datetime(3) NULL,
      payload json NULL,
      INDEX stripe_events_type (type, receivedAt),
      INDEX stripe_events_created (createdAt, id),
      INDEX stripe_events_received (receivedAt, id),
      INDEX stripe_events_customer (customerId, status),
      INDEX stripe_events_status (status, receivedAt),
      PRIMARY KEY (id),
      CONSTRAINT stripe_events_status_known CHECK (status IN ('received', 'processed', 'ignored', 'failed'))
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE subscriptions (
      id varchar(64) ${WORD} NOT NULL,
      customerId varchar(64) ${WORD} NOT NULL,
      tenantId varchar(64) ${WORD} NULL,
      planId varchar(64) ${WORD} NULL,
      status varchar(32) ${WORD} NOT NULL,
      priceId varchar(64) ${WORD} NULL,
      quantity int UNSIGNED NOT NULL DEFAULT '1',
      items json NOT NULL,
      currentPeriodEnd datetime(3) NULL,
      cancelAtPeriodEnd tinyint NOT NULL DEFAULT 0,
      cancelAt datetime(3) NULL,
      trialEnd datetime(3) NULL,
      pauseCollection tinyint NOT NULL DEFAULT 0,
      livemode tinyint NOT NULL DEFAULT 0,
      pastDueSince datetime(3) NULL,
      lastCounted tinyint NULL,
      missingSince datetime(3) NULL,
      startedAt datetime(3) NOT NULL,
      syncedAt datetime(3) NOT NULL,
      INDEX subscriptions_period_end (currentPeriodEnd, id),
      INDEX subscriptions_started (startedAt, id),
      INDEX subscriptions_status (status, startedAt),
      INDEX subscriptions_tenant (tenantId, status),
      INDEX subscriptions_customer (customerId),
      PRIMARY KEY (id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE contact_requests (
      id varchar(64) ${WORD} NOT NULL,
      userId varchar(64) ${WORD} NOT NULL,
      tenantId varchar(64) ${WORD} NULL,
      message varchar(2000) ${TEXT} NOT NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      INDEX contact_requests_created (createdAt, id),
      PRIMARY KEY (id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE emails (
      id varchar(64) ${WORD} NOT NULL,
      kind varchar(32) ${WORD} NOT NULL,
      \`to\` varchar(254) ${TEXT} NOT NULL,
      status varchar(16) ${WORD} NOT NULL DEFAULT 'queued',
      attempts int UNSIGNED NOT NULL DEFAULT '0',
      lastError varchar(500) ${TEXT} NULL,
      invitationId varchar(64) ${WORD} NULL,
      tenantId varchar(64) ${WORD} NULL,
      messageId varchar(128) ${WORD} NOT NULL,
      data json NOT NULL,
      sealedSecret varchar(512) ${WORD} NULL,
      claimedAt datetime(3) NULL,
      smtpResponse varchar(255) ${TEXT} NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      sentAt datetime(3) NULL,
      FULLTEXT INDEX emails_search (\`to\`),
      UNIQUE INDEX emails_message_id (messageId),
      INDEX emails_tenant (tenantId, createdAt),
      INDEX emails_invitation (invitationId),
      INDEX emails_created (createdAt, id),
      INDEX emails_status (status, createdAt),
      PRIMARY KEY (id),
      CONSTRAINT emails_status_known CHECK (status IN ('queued', 'sending', 'sent', 'failed', 'bounced')),
      CONSTRAINT emails_secret_erased CHECK (sealedSecret IS NULL OR status IN ('queued', 'sending'))
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE invitations (
      id varchar(64) ${WORD} NOT NULL,
      tenantId varchar(64) ${WORD} NOT NULL,
      email varchar(254) ${TEXT} NOT NULL,
      emailKey varchar(254) ${EXACT} NOT NULL,
      role varchar(16) ${WORD} NOT NULL,
      status varchar(16) ${WORD} NOT NULL DEFAULT 'pending',
      pending tinyint NULL DEFAULT '1',
      tokenHash varchar(64) ${WORD} NOT NULL,
      expiresAt datetime(3) NOT NULL,
      sentCount int UNSIGNED NOT NULL DEFAULT '0',
      lastSentAt datetime(3) NULL,
      deliveryStatus varchar(16) ${WORD} NOT NULL DEFAULT 'queued',
      invitedByType varchar(16) ${WORD} NOT NULL,
      invitedById varchar(64) ${WORD} NULL,
      invitedByName varchar(120) ${TEXT} NOT NULL,
      acceptedAt datetime(3) NULL,
      acceptedByUserId varchar(64) ${WORD} NULL,
      addressMismatch tinyint NOT NULL DEFAULT 0,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      updatedAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
      version int UNSIGNED NOT NULL DEFAULT '1',
      FULLTEXT INDEX invitations_search (email),
      INDEX invitations_email (emailKey),
      INDEX invitations_created (createdAt, id),
      INDEX invitations_status (status, expiresAt),
      INDEX invitations_tenant (tenantId, status),
      UNIQUE INDEX invitations_token (tokenHash),
      UNIQUE INDEX invitations_one_pending (tenantId, emailKey, pending),
      PRIMARY KEY (id),
      CONSTRAINT invitations_status_known CHECK (status IN ('pending', 'accepted', 'revoked', 'expired')),
      CONSTRAINT invitations_role_known CHECK (role IN ('owner', 'admin', 'member')),
      CONSTRAINT invitations_pending CHECK ((status = 'pending' AND pending IS NOT NULL AND pending = 1) OR (status <> 'pending' AND pending IS NULL)),
      CONSTRAINT invitations_accepted CHECK ((status = 'accepted') = (acceptedAt IS NOT NULL) AND (status = 'accepted') = (acceptedByUserId IS NOT NULL)),
      CONSTRAINT invitations_delivery_known CHECK (deliveryStatus IN ('queued', 'sent', 'failed', 'bounced'))
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE invitation_tokens (
      tokenHash varchar(64) ${WORD} NOT NULL,
      invitationId varchar(64) ${WORD} NOT NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      INDEX invitation_tokens_invitation (invitationId),
      PRIMARY KEY (tokenHash)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE issuer_keys (
      kid varchar(64) ${WORD} NOT NULL,
      alg varchar(16) ${WORD} NOT NULL,
      publicJwk json NOT NULL,
      sealedPrivateJwk text ${WORD} NOT NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      retiredAt datetime(3) NULL,
      PRIMARY KEY (kid)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE sign_in_codes (
      id varchar(64) ${WORD} NOT NULL,
      email varchar(254) ${TEXT} NOT NULL,
      emailKey varchar(254) ${EXACT} NOT NULL,
      codeHash varchar(64) ${WORD} NOT NULL,
      attempts int UNSIGNED NOT NULL DEFAULT '0',
      expiresAt datetime(3) NOT NULL,
      usedAt datetime(3) NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      INDEX sign_in_codes_expires (expiresAt),
      INDEX sign_in_codes_email (emailKey, createdAt),
      PRIMARY KEY (id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE user_sessions (
      tokenHash varchar(64) ${WORD} NOT NULL,
      userId varchar(64) ${WORD} NOT NULL,
      identityId varchar(64) ${WORD} NOT NULL,
      expiresAt datetime(3) NOT NULL,
      lastUsedAt datetime(3) NOT NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      INDEX user_sessions_expires (expiresAt),
      INDEX user_sessions_user (userId),
      PRIMARY KEY (tokenHash)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE outbox (
      id varchar(64) ${WORD} NOT NULL,
      kind varchar(32) ${WORD} NOT NULL,
      subject varchar(64) ${WORD} NOT NULL,
      status varchar(16) ${WORD} NOT NULL DEFAULT 'open',
      dueAt datetime(3) NOT NULL,
      handedCount int UNSIGNED NOT NULL DEFAULT '0',
      attempts int UNSIGNED NOT NULL DEFAULT '0',
      lastError varchar(500) ${TEXT} NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      doneAt datetime(3) NULL,
      INDEX outbox_subject (kind, subject, status),
      INDEX outbox_due (status, dueAt),
      PRIMARY KEY (id),
      CONSTRAINT outbox_status_known CHECK (status IN ('open', 'done', 'failed'))
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE memberships (
      id varchar(64) ${WORD} NOT NULL,
      tenantId varchar(64) ${WORD} NOT NULL,
      userId varchar(64) ${WORD} NOT NULL,
      role varchar(16) ${WORD} NOT NULL,
      invitationId varchar(64) ${WORD} NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      updatedAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
      version int UNSIGNED NOT NULL DEFAULT '1',
      INDEX memberships_created (createdAt, id),
      INDEX memberships_user (userId, createdAt),
      UNIQUE INDEX memberships_tenant_user (tenantId, userId),
      PRIMARY KEY (id),
      CONSTRAINT memberships_role_known CHECK (role IN ('owner', 'admin', 'member'))
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE operators (
      id varchar(64) ${WORD} NOT NULL,
      email varchar(254) ${TEXT} NOT NULL,
      emailKey varchar(254) ${EXACT} NOT NULL,
      name varchar(120) ${TEXT} NOT NULL,
      role varchar(16) ${WORD} NOT NULL,
      status varchar(16) ${WORD} NOT NULL DEFAULT 'active',
      passwordHash varchar(255) ${WORD} NOT NULL,
      totpEnabled tinyint NOT NULL DEFAULT 0,
      lastSignInAt datetime(3) NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      updatedAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
      version int UNSIGNED NOT NULL DEFAULT '1',
      INDEX operators_created (createdAt, id),
      UNIQUE INDEX operators_email_key (emailKey),
      PRIMARY KEY (id),
      CONSTRAINT operators_role_known CHECK (role IN ('admin', 'support', 'viewer')),
      CONSTRAINT operators_status_known CHECK (status IN ('active', 'suspended'))
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE operator_sessions (
      idHash varchar(64) ${WORD} NOT NULL,
      operatorId varchar(64) ${WORD} NOT NULL,
      data json NOT NULL,
      expiresAt datetime(3) NOT NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      INDEX operator_sessions_expires (expiresAt),
      INDEX operator_sessions_operator (operatorId),
      PRIMARY KEY (idHash)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE plans (
      id varchar(64) ${WORD} NOT NULL,
      name varchar(80) ${TEXT} NOT NULL,
      description varchar(500) ${TEXT} NOT NULL DEFAULT '',
      kind varchar(16) ${WORD} NOT NULL,
      active tinyint NOT NULL DEFAULT 1,
      isDefault tinyint NULL,
      \`rank\` int UNSIGNED NOT NULL DEFAULT '0',
      features json NOT NULL,
      priceText varchar(80) ${TEXT} NOT NULL DEFAULT '',
      stripeLookupKey varchar(200) ${WORD} NULL,
      seatLimit int UNSIGNED NULL,
      seatsFromQuantity tinyint NOT NULL DEFAULT 0,
      trialDays int UNSIGNED NOT NULL DEFAULT '0',
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      updatedAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
      version int UNSIGNED NOT NULL DEFAULT '1',
      INDEX plans_rank (\`rank\`, id),
      UNIQUE INDEX plans_lookup_key (stripeLookupKey),
      UNIQUE INDEX plans_default (isDefault),
      PRIMARY KEY (id),
      CONSTRAINT plans_kind_known CHECK (kind IN ('free', 'stripe', 'custom')),
      CONSTRAINT plans_default_is_free CHECK (isDefault IS NULL OR (isDefault = 1 AND active = 1 AND kind = 'free'))
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE plan_prices (
      priceId varchar(64) ${WORD} NOT NULL,
      planId varchar(64) ${WORD} NOT NULL,
      INDEX plan_prices_plan (planId),
      PRIMARY KEY (priceId)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE tenants (
      id varchar(64) ${WORD} NOT NULL,
      name varchar(120) ${TEXT} NOT NULL,
      status varchar(16) ${WORD} NOT NULL DEFAULT 'active',
      basePlanId varchar(64) ${WORD} NOT NULL,
      planId varchar(64) ${WORD} NOT NULL,
      planSource varchar(16) ${WORD} NOT NULL DEFAULT 'base',
      planSince datetime(3) NOT NULL,
      subscriptionId varchar(64) ${WORD} NULL,
      subscriptionStatus varchar(32) ${WORD} NULL,
      currentPeriodEnd datetime(3) NULL,
      cancelAt datetime(3) NULL,
      seatLimit int UNSIGNED NULL,
      memberCount int UNSIGNED NOT NULL DEFAULT '0',
      nextDecisionAt datetime(3) NULL,
      lastSyncedAt datetime(3) NULL,
      suspendedReason varchar(500) ${TEXT} NULL,
      deletedAt datetime(3) NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      updatedAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
      version int UNSIGNED NOT NULL DEFAULT '1',
      FULLTEXT INDEX tenants_search (name),
      INDEX tenants_members (memberCount, id),
      INDEX tenants_next_decision (nextDecisionAt),
      INDEX tenants_created (createdAt, id),
      INDEX tenants_plan (planId, status),
      INDEX tenants_status (status, createdAt),
      INDEX tenants_name (name, id),
      PRIMARY KEY (id),
      CONSTRAINT tenants_status_known CHECK (status IN ('active', 'suspended', 'deleted')),
      CONSTRAINT tenants_deleted_at CHECK ((status = 'deleted') = (deletedAt IS NOT NULL)),
      CONSTRAINT tenants_plan_source CHECK (planSource IN ('override', 'subscription', 'base'))
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE identities (
      id varchar(64) ${WORD} NOT NULL,
      issuer varchar(255) ${EXACT} NOT NULL,
      subject varchar(255) ${EXACT} NOT NULL,
      userId varchar(64) ${WORD} NOT NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      INDEX identities_user (userId),
      UNIQUE INDEX identities_issuer_subject (issuer, subject),
      PRIMARY KEY (id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`CREATE TABLE users (
      id varchar(64) ${WORD} NOT NULL,
      email varchar(254) ${TEXT} NULL,
      emailKey varchar(254) ${EXACT} NULL,
      name varchar(120) ${TEXT} NOT NULL DEFAULT '',
      status varchar(16) ${WORD} NOT NULL DEFAULT 'active',
      lastSeenAt datetime(3) NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      updatedAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
      version int UNSIGNED NOT NULL DEFAULT '1',
      FULLTEXT INDEX users_search (email, name),
      INDEX users_last_seen (lastSeenAt, id),
      INDEX users_created (createdAt, id),
      INDEX users_name (name, id),
      INDEX users_email_key (emailKey),
      PRIMARY KEY (id),
      CONSTRAINT users_status_known CHECK (status IN ('active', 'suspended'))
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
  }

  private async foreignKeys(db: QueryRunner): Promise<void> {
    await db.query(
      `ALTER TABLE checkouts ADD CONSTRAINT FK_6f44b9f28ea721ba86aca6dab79 FOREIGN KEY (tenantId) REFERENCES tenants(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE checkouts ADD CONSTRAINT FK_985bf29be48bbb2f8e593d5e61a FOREIGN KEY (planId) REFERENCES plans(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE overrides ADD CONSTRAINT FK_721546e9f28649fa587a9357d29 FOREIGN KEY (tenantId) REFERENCES tenants(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE overrides ADD CONSTRAINT FK_d8f332f2bdb84e48be1d291f5d4 FOREIGN KEY (planId) REFERENCES plans(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE plan_changes ADD CONSTRAINT FK_35d4e5ba7b85153d0d25baff9e8 FOREIGN KEY (tenantId) REFERENCES tenants(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE plan_changes ADD CONSTRAINT FK_90e6a909b3ef813245a626bff7a FOREIGN KEY (fromPlanId) REFERENCES plans(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE plan_changes ADD CONSTRAINT FK_a3fc8c2ff5ed70f71bf11d89fde FOREIGN KEY (toPlanId) REFERENCES plans(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE stripe_customers ADD CONSTRAINT FK_e4f2f972406d52218b9aacd8195 FOREIGN KEY (tenantId) REFERENCES tenants(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE subscriptions ADD CONSTRAINT FK_e0fbe75e9db162a00ecaf7ab56a FOREIGN KEY (customerId) REFERENCES stripe_customers(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE subscriptions ADD CONSTRAINT FK_0c5fe8e5f9f4dd4a8c0134abc9c FOREIGN KEY (tenantId) REFERENCES tenants(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE subscriptions ADD CONSTRAINT FK_7536cba909dd7584a4640cad7d5 FOREIGN KEY (planId) REFERENCES plans(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE contact_requests ADD CONSTRAINT FK_4b32fddf87c5a1159025fdc27c1 FOREIGN KEY (userId) REFERENCES users(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE contact_requests ADD CONSTRAINT FK_7a345ae652d0f2aae494bd7cefd FOREIGN KEY (tenantId) REFERENCES tenants(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE emails ADD CONSTRAINT FK_eb3f06a13b9a7f639f16da24d56 FOREIGN KEY (invitationId) REFERENCES invitations(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE emails ADD CONSTRAINT FK_a1b3ac379e9bc138079edd885a5 FOREIGN KEY (tenantId) REFERENCES tenants(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE invitations ADD CONSTRAINT FK_6dda79f83eec12994a955ad68c9 FOREIGN KEY (tenantId) REFERENCES tenants(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE invitations ADD CONSTRAINT FK_3722ea7511a7ce9235525c1daa3 FOREIGN KEY (acceptedByUserId) REFERENCES users(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE invitation_tokens ADD CONSTRAINT FK_718f931745b4d7131cdf00dbb96 FOREIGN KEY (invitationId) REFERENCES invitations(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE user_sessions ADD CONSTRAINT FK_55fa4db8406ed66bc7044328427 FOREIGN KEY (userId) REFERENCES users(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE user_sessions ADD CONSTRAINT FK_190d920d79c509ad685746267c0 FOREIGN KEY (identityId) REFERENCES identities(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE memberships ADD CONSTRAINT FK_3eed8323a0d00041f74753d4116 FOREIGN KEY (tenantId) REFERENCES tenants(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE memberships ADD CONSTRAINT FK_187d573e43b2c2aa3960df20b78 FOREIGN KEY (userId) REFERENCES users(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE operator_sessions ADD CONSTRAINT FK_d8984f7385cfd19ceea501adb72 FOREIGN KEY (operatorId) REFERENCES operators(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE plan_prices ADD CONSTRAINT FK_eb2f222f91a8e78e9e1d591b0de FOREIGN KEY (planId) REFERENCES plans(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE tenants ADD CONSTRAINT FK_d079cf6ff2c55d6296f9a439914 FOREIGN KEY (basePlanId) REFERENCES plans(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE tenants ADD CONSTRAINT FK_bf4b8434d205b4a051fa0c89aa3 FOREIGN KEY (planId) REFERENCES plans(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE identities ADD CONSTRAINT FK_3144d31adb77f8fdd5aecf28f4a FOREIGN KEY (userId) REFERENCES users(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('SET FOREIGN_KEY_CHECKS = 0');
    for (const table of [
      'audit_log',
      'audit_personal',
      'audit_chains',
      'checkouts',
      'customer_leases',
      'findings',
      'overrides',
      'plan_changes',
      'stripe_customers',
      'stripe_events',
      'subscriptions',
      'contact_requests',
      'emails',
      'invitations',
      'invitation_tokens',
      'issuer_keys',
      'sign_in_codes',
      'user_sessions',
      'outbox',
      'memberships',
      'operators',
      'operator_sessions',
      'plans',
      'plan_prices',
      'tenants',
      'identities',
      'users',
    ]) {
      await db.query(`DROP TABLE IF EXISTS ${table}`);
    }
    await db.query('SET FOREIGN_KEY_CHECKS = 1');
  }
}
