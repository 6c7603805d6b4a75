/** Ids, hashes and other machine words: compared byte by byte, on both sides of a foreign key. */
export const word = (length = 64) => ({
  type: 'varchar' as const,
  length: String(length),
  charset: 'ascii',
  collation: 'ascii_bin',
});

export const nullableWord = (length = 64) => ({ ...word(length), nullable: true, default: null });

/** Text that people read: sorted and searched without regard to case. */
export const text = (length = 255) => ({
  type: 'varchar' as const,
  length: String(length),
  charset: 'utf8mb4',
  collation: 'utf8mb4_unicode_ci',
});

export const nullableText = (length = 255) => ({ ...text(length), nullable: true, default: null });

/** Text whose every byte counts, such as the key by which addresses are compared. */
export const exactText = (length = 255) => ({
  type: 'varchar' as const,
  length: String(length),
  charset: 'utf8mb4',
  collation: 'utf8mb4_bin',
});

/** A moment in UTC with milliseconds. */
export const moment = { type: 'datetime', precision: 3 } as const;
export const nullableMoment = { ...moment, nullable: true, default: null } as const;
/** Options for @CreateDateColumn and @UpdateDateColumn; the explicit default keeps the schema diff empty. */
export const createdMoment = { ...moment, default: () => 'CURRENT_TIMESTAMP(3)' } as const;
export const updatedMoment = { ...createdMoment, onUpdate: 'CURRENT_TIMESTAMP(3)' } as const;

export const flag = { type: 'boolean', default: false } as const;
/** 1 or NULL: a unique key over it admits any number of NULLs and one 1. */
export const uniqueFlag = { type: 'tinyint', nullable: true, default: null } as const;
export const count = { type: 'int', unsigned: true, default: 0 } as const;
export const nullableCount = { type: 'int', unsigned: true, nullable: true, default: null } as const;
export const versionNumber = { type: 'int', unsigned: true, default: 1 } as const;
export const json = { type: 'json' } as const;
export const nullableJson = { type: 'json', nullable: true, default: null } as const;
