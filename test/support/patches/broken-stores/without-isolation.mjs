// An embedded store whose transactions read at one moment and write at another.
import { EmbeddedStorage } from '../../../../dist/libs/sms/src/storage/embedded.storage.js';

const { value: transact } = Object.getOwnPropertyDescriptor(EmbeddedStorage.prototype, 'transact');
EmbeddedStorage.prototype.transact = async function (work) {
  const writes = [];
  const result = await transact.call(this, (transaction) =>
    work({
      ...transaction,
      put: (key, ...record) =>
        key === 'data-key' ? transaction.put(key, ...record) : writes.push(['put', key, ...record]),
      remove: (key) => writes.push(['remove', key]),
    }),
  );
  await transact.call(this, (transaction) => {
    for (const [write, ...given] of writes) transaction[write](...given);
  });
  return result;
};
