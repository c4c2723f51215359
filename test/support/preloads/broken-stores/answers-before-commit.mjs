// An embedded store that says that something is kept a moment before it is.
import { EmbeddedStorage } from '../../../../dist/libs/sms/src/storage/embedded.storage.js';

const { value: transact } = Object.getOwnPropertyDescriptor(EmbeddedStorage.prototype, 'transact');
EmbeddedStorage.prototype.transact = function (work) {
  return new Promise((resolve, reject) => {
    transact
      .call(this, (transaction) => {
        const result = work(transaction);
        resolve(result);
        return result;
      })
      .catch(reject);
  });
};
