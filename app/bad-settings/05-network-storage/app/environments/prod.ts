import prod from '../../../../environments/prod.ts';

export default { ...prod, storage: { class: 'nfs-client' } };
